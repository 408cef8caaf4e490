"""A code from a conversation elsewhere to the mailbox of the customer, and back, with real sockets."""

import re
from contextlib import closing
from pathlib import Path

from bot import app
from bot.commands.script import Script, ScriptedEndpoint
from bot.knowledge import Knowledge
from bot.llm import Model
from bot.llm import Settings as Llm
from bot.settings import Settings
from bot.store import InlineWriter, Store
from bot.tools import ORDER, Allowed
from bot.tools import Settings as Tools
from channels.base import Address, Channel, Message, Person
from channels.memory import Memory
from tests.bench.content import KNOWLEDGE
from tests.channels.email.desk import post

TOLD = "Your order HP-20417, a Katahdin 2 tent, left on March 2."
TOOLS = Tools(allow=(Allowed(tool=ORDER, issue_types=("order_status",), fields=("last order",)),))
ROW = {
    "id": "C-1",
    "name": "Mara",
    "email": "mara@customer.test",
    "last order": "HP-20417, a Katahdin 2 tent, left on March 2",
}


def said(number: int, text: str) -> Message:
    address, mara = Address(channel="chat", room="mara"), Person(id="U1", name="Mara")
    return Message(external_id=f"m{number}", address=address, sender=mara, text=text, sent_at=app.now())


async def test_code_arrives_by_mail_and_opens_the_order(tmp_path: Path) -> None:
    llm, chat = Llm(model="scripted"), Memory("chat")
    endpoint = ScriptedEndpoint(Script(calls=((ORDER, '{"number": "HP-20417"}'),), writes=(TOLD,)))
    settings = Settings(tools=TOOLS, llm=llm)
    with closing(Knowledge.open(KNOWLEDGE, database=None, settings=settings.knowledge)) as knowledge:
        async with post(tmp_path, listen=False) as office:
            store, model = Store(InlineWriter()), Model(llm, endpoint, clock=app.now)
            channels: dict[str, Channel] = {"chat": chat, "email": office.email}
            loop = app.build(settings, store=store, knowledge=knowledge, channels=channels, model=model)
            await store.import_customers([ROW])
            for number, text in enumerate(["Where is my order HP-20417?", "Send me a code", "mara@customer.test"]):
                await loop.receive(said(number, text))
                await loop.settle()
            (mail,) = office.smtp.mails
            code = re.search(rb"\d{3} \d{3}", office.smtp.raws[0])
            assert (mail["To"], mail["Subject"], code is not None) == ("mara@customer.test", "Your code", True)
            assert code is not None
            await loop.receive(said(9, code[0].decode()))
            await loop.settle()
            store.close()
    assert TOLD in chat.posts[-1].text
