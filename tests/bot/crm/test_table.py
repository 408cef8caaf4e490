from bot.crm.table import TableCrm
from bot.store import InlineWriter, Store
from channels.base import Person


async def test_customer_that_was_imported_is_found() -> None:
    store = Store(InlineWriter())
    await store.import_customers([{"id": "c1", "name": "Ann", "console_id": "ann"}])
    account = await TableCrm(store).find(Person(id="ann"), channel="console")
    assert (account and account.name) == "Ann"


async def test_stranger_is_nobody() -> None:
    assert await TableCrm(Store(InlineWriter())).find(Person(id="ann")) is None
