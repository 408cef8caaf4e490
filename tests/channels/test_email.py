"""The contract's bench for mail, and the whole way in and out between servers in this process."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.channels.email.desk import letter, post
from tests.channels.test_contract import Bound


@asynccontextmanager
async def bench() -> AsyncIterator[Bound]:
    """For the contract: one customer has written, so there is somebody to answer."""
    with tempfile.TemporaryDirectory() as folder:
        async with post(Path(folder)) as office:
            room = (await office.write(letter())).address

            def shown() -> list[str]:
                parts = (mail.get_payload(0) for mail in office.smtp.mails)
                return [part.get_payload(decode=True).decode() for part in parts]  # type: ignore[union-attr] # parsed

            yield Bound(channel=office.email, room=room, shown=shown)
