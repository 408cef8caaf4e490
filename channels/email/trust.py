"""Whether our own mail server vouches for the sender's address: its Authentication-Results, and nobody else's."""

import re
from collections.abc import Sequence
from enum import StrEnum

COMMENT = re.compile(r"\([^()]{0,500}\)")
RESULT = re.compile(r"\s*(dmarc|dkim|spf)\s*=\s*([a-z]{1,12})\b([^;]{0,2000})", re.IGNORECASE)
PROPERTY = re.compile(r"(header\.from|header\.d|header\.i|smtp\.mailfrom)\s*=\s*\"?([^\s;\"]{1,300})", re.IGNORECASE)


class Trust(StrEnum):
    """What is known of the sender's address."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


def judge(results: Sequence[str], sender: str, server: str) -> Trust:
    """Read the topmost header of `server` (its authserv-id); any other may be the sender's own invention.

    Passed is DMARC, or DKIM or SPF for the very domain of the address. Without a `server` nothing is known.
    """
    domain = sender.rpartition("@")[2].lower()
    own = next((value for value in results if _server(value) == server.lower()), None) if server else None
    if own is None or not domain:
        return Trust.UNKNOWN
    found = [
        (method.lower(), result.lower(), {k.lower(): v.lower() for k, v in PROPERTY.findall(rest)})
        for method, result, rest in RESULT.findall(COMMENT.sub(" ", own))
    ]
    dmarc = [result for method, result, _ in found if method == "dmarc"]
    if dmarc and dmarc[0] in ("pass", "bestguesspass"):
        return Trust.PASSED
    if dmarc and dmarc[0] == "fail":
        return Trust.FAILED
    if any(result == "pass" and _is_aligned(method, facts, domain) for method, result, facts in found):
        return Trust.PASSED
    return Trust.FAILED if found else Trust.UNKNOWN


def _server(value: str) -> str:
    """The name before the first semicolon, empty in Microsoft's form, which has none."""
    name = COMMENT.sub(" ", value.partition(";")[0]).split()
    return name[0].lower() if name and "=" not in name[0] else ""


def _is_aligned(method: str, facts: dict[str, str], domain: str) -> bool:
    if method == "dkim":
        return facts.get("header.d", facts.get("header.i", "")).rpartition("@")[2] == domain
    return method == "spf" and facts.get("smtp.mailfrom", "").rpartition("@")[2] == domain
