from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from channels.base import Address, Outgoing
from channels.discord.permissions import NEEDED, OPTIONAL, link, missing, permissions
from tests.channels.discord_ear import DESK_ADDRESS, listening
from tests.fakes.discord import BOT_ROLE, DESK, HELP, Right, running
from tests.fakes.discord.rights import EVERYBODY

FAKE_NAMES = {name: Right[name.upper()] for name in (*NEEDED, *OPTIONAL)}


def test_the_link_asks_for_exactly_what_the_code_uses() -> None:
    asked = parse_qs(urlsplit(link("123")).query)
    wanted = discord.Permissions(**dict.fromkeys(NEEDED, True))
    assert int(asked["permissions"][0]) == wanted.value == 395137109056
    assert (asked["client_id"], asked["scope"]) == (["123"], ["bot applications.commands"])


def test_the_link_asks_for_agents_names_only_when_told_to() -> None:
    assert permissions(agent_names=True).value == permissions().value | discord.Permissions(manage_webhooks=True).value


def test_it_asks_for_nothing_dangerous() -> None:
    dangerous = discord.Permissions(
        administrator=True, mention_everyone=True, manage_messages=True, manage_roles=True, manage_channels=True
    )
    assert permissions(agent_names=True).value & dangerous.value == 0


def test_what_is_missing_is_named_as_discord_names_it() -> None:
    granted = permissions()
    granted.update(embed_links=False, manage_threads=False)
    assert missing(granted) == ("Manage Threads", "Embed Links")


async def test_everything_works_with_exactly_these_permissions() -> None:
    async with running() as fake:
        only = sum(FAKE_NAMES[name] for name in NEEDED)
        fake.guild.roles[fake.guild.id].permissions = Right(0)
        fake.guild.roles[BOT_ROLE].permissions = Right(only)
        async with listening(fake=fake) as at:
            fake.guild.roles[fake.guild.id].permissions = EVERYBODY  # people may write, as everywhere
            fake.guild.roles[fake.guild.id].permissions &= ~Right.MANAGE_THREADS
            fake.say("mara", HELP, "where is my parcel?", files={"a.txt": b"a"})
            address = (await at.message()).address
            await at.channel.send(Outgoing(id="7-1-0-say", address=address, text="It left.", footer="It left."))
            receipt = await at.channel.send(Outgoing(id="7-2-0-card0", address=DESK_ADDRESS, text="card"))
            fake.thread("anna", DESK, "card", on=fake.posts(DESK)[0])
            said = fake.say("anna", receipt.id, "on its way")
            thread = Address(channel="discord", room=DESK, thread=receipt.id)
            mark = Outgoing(id="7-3-0-reaction", address=thread, reply_to=said["id"], reaction="✅")
            await at.channel.send(mark)
            fake.slash("mara", HELP, "ask", question="and in private?")
            asked = (await at.message(3)).address
            await at.channel.send(Outgoing(id="8-1-0-reply", address=asked, text="Yes.", author="Anna"))
            assert [call.name for call in fake.calls if (call.status or 200) >= 400] == []


@pytest.mark.parametrize("name", sorted(NEEDED))
async def test_a_missing_permission_is_found_by_the_check(name: str) -> None:
    assert missing(permissions()) == ()
    granted = permissions()
    granted.update(**{name: False})
    assert missing(granted) == (name.replace("_", " ").title(),)
