"""Folder names as IMAP writes them: modified UTF-7 (RFC 3501 5.1.3), in quotes."""

import binascii


def to_imap(name: str) -> str:
    """A folder's name for a command: aioimaplib neither encodes nor quotes it."""
    out: list[str] = []
    wide = ""
    for letter in name:
        if " " <= letter <= "~":
            out.append(_shifted(wide) + ("&-" if letter == "&" else letter))
            wide = ""
        else:
            wide += letter
    text = "".join(out) + _shifted(wide)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shifted(wide: str) -> str:
    if not wide:
        return ""
    encoded = binascii.b2a_base64(wide.encode("utf-16-be"), newline=False).decode("ascii")
    return "&" + encoded.rstrip("=").replace("/", ",") + "-"
