"""Dovecot on a free port of loopback, with STARTTLS and an account whose mail lies in a folder of the test's."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from infra.embedded.ports import choose
from tests.counterparts.dovecot.install import command
from tests.counterparts.mail.mailbox import PASSWORD, USER, Box
from tests.counterparts.program import serving
from tests.counterparts.reachable import reachable
from tests.infra.egress.test_tls import certificate

TOKEN: Final = "canary-of-a-mailbox"  # noqa: S105 (a server on loopback)
"""What the authorization server knows as USER's."""
_CONFIGURATION: Final = """\
base_dir = @DATA@/run
state_dir = @DATA@/run
log_path = @DATA@/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <@CERTIFICATE@
ssl_key = <@KEY@
default_internal_user = @USER@
default_internal_group = @GROUP@
default_login_user = @USER@
mail_location = maildir:@DATA@/mail/%u
first_valid_uid = 0
service imap-login {
  chroot =
  inet_listener imap {
    port = @PORT@
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
auth_mechanisms = plain xoauth2
passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = @DATA@/oauth2.conf.ext
}
passdb {
  driver = static
  mechanisms = plain
  args = password=@PASSWORD@
}
userdb {
  driver = static
  args = uid=@USER@ gid=@GROUP@ home=@DATA@/mail/%u
}
"""


@contextmanager
def running(place: Path, folder: Path) -> Iterator[Box]:
    """Serve until the block ends. Root hands the mail to `nobody`: Dovecot keeps none as root.

    Raises:
        RuntimeError: it ended before it served, with what it said.
    """
    with reachable(folder) as data, _running(place, data) as found:
        yield found


@contextmanager
def _running(place: Path, data: Path) -> Iterator[Box]:
    port, asked = choose(None), choose(None)
    (data / "run").mkdir(parents=True)
    (data / "mail").mkdir()
    known, key = certificate(data)
    user, group = ("nobody", "nogroup") if os.geteuid() == 0 else ("root", "root")
    (data / "oauth2.conf.ext").write_text(f"tokeninfo_url = http://127.0.0.1:{asked}/?access_token=\n")
    told = {"DATA": data, "CERTIFICATE": known, "KEY": key, "PORT": port, "USER": user, "GROUP": group}
    text = _CONFIGURATION.replace("@PASSWORD@", PASSWORD)
    for name, value in told.items():
        text = text.replace(f"@{name}@", str(value))
    configuration = data / "dovecot.conf"
    configuration.write_text(text)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{user}:{group}", str(data / "mail")], check=True)
    with _telling(asked), serving(command(place, configuration), os.environ, data, port=port, log=data / "log"):
        yield Box(port, known)


class _Teller(BaseHTTPRequestHandler):
    """Whose a token is, as an authorization server tells other servers."""

    def do_GET(self) -> None:
        (given,) = parse_qs(urlsplit(self.path).query)["access_token"]
        body = json.dumps({"email": USER, "expires_in": 3600} if given == TOKEN else {"error": "invalid_token"})
        self.send_response(200 if given == TOKEN else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_given: Any) -> None:
        """Nothing."""


@contextmanager
def _telling(port: int) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", port), _Teller) as teller:
        thread = threading.Thread(target=teller.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            teller.shutdown()
            thread.join()
