"""Logging in with tokens (XOAUTH2), as Google and Microsoft want it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from channels.base import Delivery, DeliveryError, Outgoing, SetupError
from channels.email import Mailbox, probe
from channels.email.access import Access
from tests.channels.email.desk import Post, letter, mailbox, post
from tests.fakes.mail import AUTHORITY
from tests.fakes.mail_tokens import CLIENT, REFRESH, SECRET, TokenImap, TokenServer, token_server

REVOKED = (400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TEST_REFRESH", REFRESH), ("TEST_CLIENT", CLIENT), ("TEST_CLIENT_SECRET", SECRET)):
        monkeypatch.setenv(name, value)


def with_tokens(box: Mailbox, server: TokenServer) -> Mailbox:
    return replace(
        box,
        auth="xoauth2",
        password_env="TEST_REFRESH",  # noqa: S106 # a variable's name
        client_id_env="TEST_CLIENT",
        client_secret_env="TEST_CLIENT_SECRET",  # noqa: S106 # a variable's name
        token_url=server.url,
    )


@asynccontextmanager
async def granted(folder: Path) -> AsyncIterator[tuple[Post, TokenServer, TokenImap]]:
    """A channel whose servers take nothing but tokens; the first three are good."""
    async with token_server() as tokens, post(folder, listen=False) as office:
        plain = office.imap
        await plain.stop()
        plain.port, plain._tls = 0, None  # behind the front there is no TLS
        await plain.start()
        front = TokenImap(plain.port)
        await front.start()
        front.tokens |= {"token-1", "token-2", "token-3"}
        office.smtp.tokens = set(front.tokens)
        box = replace(with_tokens(office.settings.mailboxes[0], tokens), imap_port=front.port)
        office.settings = replace(office.settings, mailboxes=(box,))
        try:
            yield office, tokens, front
        finally:
            await office.stop()
            front.stop()


async def access(folder: Path, tokens: TokenServer, clock: Time) -> Access:
    AUTHORITY.cert_pem.write_to_path(str(folder / "ca.pem"))
    return Access(with_tokens(mailbox(1, 2, folder / "ca.pem"), tokens), clock=clock)


async def test_mails_are_read_and_answered_with_one_token(tmp_path: Path) -> None:
    async with granted(tmp_path) as (office, tokens, _):
        await office.restart()
        heard = await office.write(letter())
        await office.email.send(Outgoing(id="1-1-0-say", address=heard.address, text="It left today."))
        assert (len(office.smtp.mails), len(tokens.forms)) == (1, 1)


async def test_a_token_that_the_servers_refuse_is_replaced_at_once(tmp_path: Path) -> None:
    async with granted(tmp_path) as (office, tokens, front):
        front.tokens.remove("token-1")
        office.smtp.tokens.remove("token-1")
        await office.restart()
        heard = await office.write(letter())
        await office.email.send(Outgoing(id="1-1-0-say", address=heard.address, text="It left today."))
        assert (front.refused, tokens.newest, len(office.smtp.mails)) == (["token-1"], "token-2", 1)


async def test_a_token_that_smtp_alone_refuses_is_replaced(tmp_path: Path) -> None:
    async with granted(tmp_path) as (office, _, _front):
        office.smtp.tokens.remove("token-1")
        await office.restart()
        heard = await office.write(letter())
        await office.email.send(Outgoing(id="1-1-0-say", address=heard.address, text="It left today."))
        assert (office.smtp.refused_tokens, len(office.smtp.mails)) == (["token-1"], 1)


async def test_a_revoked_refresh_token_stops_the_channel_with_what_to_do(tmp_path: Path) -> None:
    async with granted(tmp_path) as (office, tokens, _):
        tokens.refusal = REVOKED
        with pytest.raises(SetupError, match=r"TEST_REFRESH was revoked or is too old; sign in again"):
            await office.restart()


async def test_nothing_is_sent_while_no_token_can_be_had(tmp_path: Path) -> None:
    async with granted(tmp_path) as (office, tokens, _):
        await office.restart()
        heard = await office.write(letter())
        office.smtp.tokens.clear()
        tokens.refusal = REVOKED
        with pytest.raises(DeliveryError) as caught:
            await office.email.send(Outgoing(id="1-1-0-say", address=heard.address, text="It left today."))
        assert (caught.value.outcome, "TEST_REFRESH" in caught.value.reason) == (Delivery.NOT_SENT, True)


async def test_the_probe_says_what_is_wrong_with_the_refresh_token(tmp_path: Path) -> None:
    async with granted(tmp_path) as (office, tokens, _):
        tokens.refusal = REVOKED
        found = await probe(office.settings)
        assert "TEST_REFRESH was revoked" in found[0]
        assert "Token has been expired or revoked." in found[0]


async def test_the_probe_is_content_with_good_tokens(tmp_path: Path) -> None:
    async with granted(tmp_path) as (office, tokens, _):
        assert await probe(office.settings) == []
        assert len(tokens.forms) == 1


async def test_the_probe_says_when_the_servers_take_no_token_at_all(tmp_path: Path) -> None:
    async with granted(tmp_path) as (office, _, front):
        front.tokens.clear()
        found = await probe(office.settings)
        assert "does not accept the login of 'help@example.test'" in found[0]


async def test_a_token_is_fetched_once_and_used_until_it_is_nearly_old(tmp_path: Path) -> None:
    async with token_server() as tokens:
        clock = Time()
        one = await access(tmp_path, tokens, clock)
        first = await one.secret()
        clock.now = 3_400
        again = await one.secret()
        clock.now = 3_500
        assert (first, again, await one.secret()) == ("token-1", "token-1", "token-2")


async def test_the_same_refusal_told_twice_fetches_one_token(tmp_path: Path) -> None:
    async with token_server() as tokens:
        one = await access(tmp_path, tokens, Time())
        old = await one.secret()
        assert [await one.secret(refused=old), await one.secret(refused=old)] == ["token-2", "token-2"]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_token_server_in_trouble_is_asked_again_later(tmp_path: Path, status: int) -> None:
    async with token_server() as tokens:
        tokens.refusal = (status, {"error": "busy"})
        one = await access(tmp_path, tokens, Time())
        with pytest.raises(OSError, match=str(status)):
            await one.secret()


async def test_an_answer_without_a_token_is_no_token(tmp_path: Path) -> None:
    async with token_server() as tokens:
        tokens.refusal = (200, {"hello": "world"})
        one = await access(tmp_path, tokens, Time())
        with pytest.raises(OSError, match="token_url"):
            await one.secret()


@pytest.mark.parametrize(
    ("code", "advice"),
    [("invalid_client", "look at TEST_CLIENT and TEST_CLIENT_SECRET"), ("invalid_scope", "right to read and send")],
)
async def test_each_refusal_has_its_advice(tmp_path: Path, code: str, advice: str) -> None:
    async with token_server() as tokens:
        tokens.refusal = (401, {"error": code})
        one = await access(tmp_path, tokens, Time())
        with pytest.raises(SetupError, match=advice):
            await one.secret()
