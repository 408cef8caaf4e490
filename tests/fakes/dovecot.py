"""Dovecot in a temporary folder, where the program is installed: the IMAP server that most mailboxes really have."""

import base64
import grp
import hashlib
import hmac
import json
import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.fakes.mail import PASSWORD, USER

PROGRAM = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
START_SECONDS = 10.0
CONFIGURATION = """\
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 0
mail_uid = {user}
mail_gid = {group}
mail_location = maildir:{folder}/mail/%u
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
ssl = no
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


OAUTH = """\
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
username_attribute = email
"""
KEY = b"a key that only the test's token server and Dovecot have"


def token(*, until: float) -> str:
    """A token that Dovecot takes until then: a JWT, signed with HS256."""
    parts = ({"alg": "HS256", "typ": "JWT"}, {"email": USER, "sub": USER, "iat": int(until) - 3_600, "exp": int(until)})
    head, body = (_encoded(json.dumps(part).encode()) for part in parts)
    return f"{head}.{body}.{_encoded(hmac.new(KEY, f'{head}.{body}'.encode(), hashlib.sha256).digest())}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Dovecot:
    """A server with one mailbox; it may be stopped and started again on the same ports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.imap, self.lmtp = _free_port(), _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        name = "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        self._who = pwd.getpwnam(name)
        self._group = grp.getgrgid(self._who.pw_gid).gr_name

    def start(self) -> None:
        who = self._who
        text = CONFIGURATION.format(
            folder=self.folder, user=who.pw_name, group=self._group, uid=who.pw_uid, gid=who.pw_gid,
            imap=self.imap, lmtp=self.lmtp,
        )  # fmt: skip
        (self.folder / "dovecot.conf").write_text(text)
        (self.folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}::::::\n")
        (self.folder / "mail").mkdir(exist_ok=True)
        (self.folder / "oauth2.conf").write_text(OAUTH.format(folder=self.folder))
        key = self.folder / "keys" / "default" / "HS256" / "default"
        key.parent.mkdir(parents=True, exist_ok=True)
        key.write_bytes(base64.b64encode(KEY))
        if os.getuid() == 0:
            for path in (self.folder, *self.folder.iterdir(), *(self.folder / "keys").rglob("*")):
                os.chown(path, who.pw_uid, who.pw_gid)
        drop = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
        command = [PROGRAM or "dovecot", "-F", "-c", str(self.folder / "dovecot.conf")]
        self._process = subprocess.Popen(command, **drop)  # type: ignore[call-overload] # mypy cannot see the keys
        _await_port(self.imap)
        _await_port(self.lmtp)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def deliver(self, raws: Iterable[bytes]) -> None:
        with smtplib.LMTP("127.0.0.1", self.lmtp) as client:
            for raw in raws:
                client.sendmail("customer@customer.test", [USER], raw)

    def fill(self, raws: Iterable[bytes]) -> None:
        """Put many mails into the mailbox's folder, as a server that was away would find them."""
        box = self.folder / "mail" / USER / "cur"
        box.mkdir(parents=True, exist_ok=True)
        for number, raw in enumerate(raws):
            (box / f"{1_700_000_000 + number}.{number}.host:2,").write_bytes(raw)
        if os.getuid() == 0:
            for path in (self.folder / "mail").rglob("*"):
                os.chown(path, self._who.pw_uid, self._who.pw_gid)
            os.chown(self.folder / "mail", self._who.pw_uid, self._who.pw_gid)

    def put_aside(self, raw: bytes) -> Path:
        """Write a mail where nobody looks yet; renamed into `new` it is delivered, with no work at that moment."""
        box = self.folder / "mail" / USER
        for name in ("tmp", "new", "cur"):
            (box / name).mkdir(parents=True, exist_ok=True)
        path = box / "tmp" / f"1800000000.{len(raw)}.host"
        path.write_bytes(raw)
        if os.getuid() == 0:
            for owned in (self.folder / "mail").rglob("*"):
                os.chown(owned, self._who.pw_uid, self._who.pw_gid)
        return path

    def renumber(self) -> None:
        """Lose the indexes while it is stopped: the folder comes back under another UIDVALIDITY."""
        for path in (self.folder / "mail").rglob("dovecot*"):
            if path.is_file():
                path.unlink()


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """A server in a folder of its own, whose path is short: sockets need that."""
    with tempfile.TemporaryDirectory(prefix="dc-", dir="/tmp", ignore_cleanup_errors=True) as name:
        server = Dovecot(Path(name))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await_port(port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return
        time.sleep(0.02)
    raise TimeoutError(f"dovecot does not listen on {port}")
