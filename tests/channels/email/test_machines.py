import pytest

from channels.email import trust
from channels.email.machines import Kind
from channels.email.reader import read
from channels.email.trust import Trust
from tests.channels.email.test_reader import mixed, raw

BOUNCE = b"""From: MAILER-DAEMON@mx.test\r\nTo: help@example.test\r\nSubject: Undelivered\r
Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r
--b\r\n\r\nIt could not be delivered.\r
--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n\r
Final-Recipient: rfc822; mara@customer.test\r\nAction: failed\r\nStatus: 5.1.1\r
--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <ours@example.test>\r\nSubject: Re: x\r\n\r\nhi\r\n--b--\r\n"""


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; type=x"},
        {"X_Autoreply": "yes"},
        {"X_Auto_Response_Suppress": "All"},
        {"Precedence": "bulk"},
        {"Precedence": "auto_reply"},
        {"Feedback_ID": "1:shop"},
        {"Return_Path": "<>"},
        {"From": "no-reply@shop.test"},
        {"From": "Mail Delivery <MAILER-DAEMON@shop.test>"},
        {"Subject": "Automatic reply: My parcel"},
        {"Subject": "Out of Office"},
        {"Subject": "Abwesenheitsnotiz: Paket"},
        {"Subject": "Réponse automatique : colis"},
    ],
    ids=str,
)
def test_a_machine_is_known_by_its_headers(headers: dict[str, str]) -> None:
    assert read(raw(b"Hello there", **headers)).kind is Kind.AUTO


@pytest.mark.parametrize("name", ["List_Id", "List_Unsubscribe", "List_Post", "X_Mailing_List"])
def test_a_list_is_known_by_its_headers(name: str) -> None:
    assert read(raw(b"Hello there", **{name: "<x.lists.test>"})).kind is Kind.LIST


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Auto_Submitted": "no"},
        {"Subject": "Out of office chairs?"},
        {"From": "bouncer@club.test"},
        {"Return_Path": "<mara@customer.test>"},
    ],
    ids=str,
)
def test_a_person_is_taken_for_a_person(headers: dict[str, str]) -> None:
    assert read(raw(b"Hello there", **headers)).kind is Kind.HUMAN


def test_an_invitation_is_a_machines() -> None:
    assert (
        read(mixed(b"\r\nJoin us", b"Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR")).kind
        is Kind.AUTO
    )


def test_a_delivery_report_names_what_came_back() -> None:
    mail = read(BOUNCE)
    assert mail.bounce is not None
    assert (mail.kind, mail.bounce.recipients, mail.bounce.status, mail.bounce.original_id) == (
        Kind.BOUNCE,
        ("mara@customer.test",),
        "5.1.1",
        "ours@example.test",
    )


def test_our_own_address_is_ourselves() -> None:
    assert read(raw(From="help@example.test"), own=frozenset({"help@example.test"})).kind is Kind.SELF


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("mx.test; dmarc=pass header.from=customer.test", Trust.PASSED),
        ("mx.test; dmarc=fail header.from=customer.test", Trust.FAILED),
        ("mx.test; dkim=pass header.d=customer.test", Trust.PASSED),
        ("mx.test; dkim=pass header.d=other.test", Trust.FAILED),
        ("mx.test; spf=pass smtp.mailfrom=bounce@customer.test", Trust.PASSED),
        ("mx.test (a comment; dmarc=pass); dmarc=fail", Trust.FAILED),
        ("evil.test; dmarc=pass header.from=customer.test", Trust.UNKNOWN),
        ("dmarc=pass header.from=customer.test", Trust.UNKNOWN),
        ("", Trust.UNKNOWN),
    ],
)
def test_only_our_own_server_is_believed(header: str, expected: Trust) -> None:
    assert trust.judge([header], "mara@customer.test", "mx.test") is expected


def test_a_forged_result_below_our_servers_is_not_read() -> None:
    results = ["mx.test; dmarc=fail", "mx.test; dmarc=pass"]
    assert trust.judge(results, "mara@customer.test", "mx.test") is Trust.FAILED
