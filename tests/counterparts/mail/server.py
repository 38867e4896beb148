"""A real mail server, three times: with STARTTLS and a password, in TLS with a password, and in the clear.

Run by the Python of its own environment: `server.py FOLDER CERTIFICATE KEY PORT PORT PORT`. It prints as JSON which
port is whose, and writes each message that it takes as a file of FOLDER. Some recipients are refused, as servers do.
"""

from __future__ import annotations

import base64
import itertools
import json
import ssl
import sys
import time
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller  # type: ignore[import-not-found]
from aiosmtpd.smtp import AuthResult, LoginPassword  # type: ignore[import-not-found]

USER, PASSWORD = b"waybill", b"correct horse"
GIVEN = b"user=waybill\1auth=Bearer token-of-the-mailbox\1\1"
"""What an account says that signs in by its token (XOAUTH2)."""
REFUSED = {
    "gone": "550 5.1.1 <gone@acme.example>: There is no such user here",
    "nobody": "550 no such user",
    "unwelcome": "550 5.7.1 Your mail is not welcome here",
    "later": "451 4.3.0 Try again later",
}


class Taker:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address.startswith("cut-early@"):
            server.transport.abort()
        refused = REFUSED.get(address.partition("@")[0])
        if refused is not None:
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if b"Subject: refuse me" in envelope.content:
            return "554 5.6.0 Not this content"
        found = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": base64.b64encode(envelope.original_content).decode(),
            "greeted": session.host_name,
            "tls": session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
            "authenticated": bool(session.authenticated),
        }
        name = self._folder / f"{next(self._numbers):06}.json"
        draft = name.with_suffix(".part")
        draft.write_text(json.dumps(found))
        draft.rename(name)
        if envelope.rcpt_tos[0].startswith("cut-late@"):
            server.transport.abort()
        return "250 OK"

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> Any:
        if base64.b64decode(args[1]) == GIVEN:
            return AuthResult(success=True)
        # As Google and Microsoft do it: first why, and the reply when something was said to that.
        await server.challenge_auth('{"status":"401"}')
        return AuthResult(success=False, handled=False)


def authenticated(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
    good = isinstance(data, LoginPassword) and data.login == USER and data.password == PASSWORD
    return AuthResult(success=good, handled=False)


def main() -> None:
    folder, certificate, key = map(Path, sys.argv[1:4])
    ports = iter(map(int, sys.argv[4:]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    taker = Taker(folder)
    secured: dict[str, Any] = {"authenticator": authenticated, "auth_required": True}
    servers = {
        "starttls": Controller(
            taker, hostname="127.0.0.1", port=next(ports), tls_context=context, require_starttls=True, **secured
        ),
        "tls": Controller(
            taker, hostname="127.0.0.1", port=next(ports), ssl_context=context, auth_require_tls=False, **secured
        ),
        "none": Controller(taker, hostname="127.0.0.1", port=next(ports)),
    }
    for one in servers.values():
        one.start()
    sys.stdout.write(json.dumps({name: one.port for name, one in servers.items()}) + "\n")
    sys.stdout.flush()
    while sys.stdin.read(1):
        time.sleep(0.1)
    for one in servers.values():
        one.stop()


if __name__ == "__main__":
    main()
