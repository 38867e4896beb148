"""A screen for the mail of this installation, on this machine's loopback, for as long as the command runs.

Whoever knows its address may look, so the address holds 256 random bits. It shows and changes nothing. A letter's
HTML is in a frame of its own without scripts, forms or anything from outside.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from html import escape
from typing import Final

import click

from services.cli import captured_mail
from services.cli.captured_mail import Line, Shown

_LARGEST: Final = 16 * 1024
_SECONDS: Final = 10.0
_PAGE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'"
_LETTER_POLICY: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE: Final = (
    "<style>:root{color-scheme:light dark}body{font:14px/1.5 system-ui;margin:24px;max-width:1100px}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid #8884}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#8881;padding:12px;border-radius:6px}"
    "iframe{width:100%;height:520px;border:1px solid #8886;border-radius:6px;background:#fff}</style>"
)


class Viewer:
    """The screen's server. `address` is what opens it, once it has begun."""

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._secret = secrets.token_urlsafe(32)
        self._listener: asyncio.Server | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def address(self) -> str:
        return f"http://{self.host}/{self._secret}/"

    async def begin(self) -> None:
        """Raises OSError: the port is taken."""
        self._listener = await asyncio.start_server(self._talk, "127.0.0.1", self._port, limit=_LARGEST)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def run(self) -> None:
        if self._listener is not None:
            await self._listener.serve_forever()

    async def end(self) -> None:
        if self._listener is not None:
            self._listener.close()
            await self._listener.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            # Each page asks the database anew, which takes its own loop.
            writer.write(await asyncio.to_thread(self._answer, head))
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def _answer(self, head: str) -> bytes:
        """The list, a letter, or its HTML; nothing else is here, and nothing under any other name."""
        first, *lines = head.split("\r\n")
        method, path, *_ = [*first.split(" "), "", ""]
        named = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("host:")]
        parts = path.strip("/").split("/")
        is_known = secrets.compare_digest(parts[0].encode(), self._secret.encode())
        # A page elsewhere could make its own name lead here; the browser would then say that name.
        if method != "GET" or not is_known or named != [self.host]:
            return _response("404 Not Found", "Nothing is here.", _PAGE_POLICY)
        try:
            return _response("200 OK", *_found(parts[1:]))
        except click.ClickException as error:
            return _response("404 Not Found", escape(error.message), _PAGE_POLICY)


def _response(status: str, body: str, policy: str) -> bytes:
    content = body.encode()
    head = (
        f"HTTP/1.1 {status}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(content)}",
        f"Content-Security-Policy: {policy}",
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer",
        "Cache-Control: no-store",
        "Connection: close",
    )
    return "\r\n".join(head).encode() + b"\r\n\r\n" + content


def _found(parts: list[str]) -> tuple[str, str]:
    match parts:
        case [] | [""]:
            return _list(captured_mail.latest()), _PAGE_POLICY
        case [mail]:
            return _letter(captured_mail.shown(mail)), _PAGE_POLICY
        case [mail, "html"]:
            return captured_mail.page_of(captured_mail.shown(mail).letter), _LETTER_POLICY
        case _:
            raise click.ClickException("Nothing is here.")


def _list(lines: list[Line]) -> str:
    head = "<tr><th>At</th><th>To</th><th>Kind</th><th>Partner</th><th>State</th></tr>"
    rows = "".join(
        f'<tr><td>{escape(one.created_at)}</td><td><a href="{escape(one.id)}">{escape(one.recipient)}</a></td>'
        f"<td>{escape(one.kind)}</td><td>{escape(one.partner)}</td>"
        f"<td>{escape(one.state)} {escape(one.reason or '')}</td></tr>"
        for one in lines
    )
    nothing = "" if lines else "<p>No mail was written yet. Invite somebody, and it is here.</p>"
    return _page("Mail", f"<table>{head}{rows}</table>{nothing}")


def _letter(found: Shown) -> str:
    letter = found.letter
    rows: list[tuple[str, str]] = [
        ("From", f"{letter.sender_name} <{letter.sender}>"),
        ("To", f"{letter.recipient_name} <{letter.recipient}>"),
        ("Reply to", letter.reply_to or ""),
        ("Language", letter.language),
        ("State", f"{found.state} {found.reason or ''}"),
    ]
    head = "".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in rows if value.strip())
    name = letter.message_id.partition("@")[0]
    body = f'<pre>{escape(letter.text)}</pre><iframe sandbox src="{escape(name)}/html"></iframe>'
    return _page(letter.subject, f'<p><a href="./">All mail</a></p><table>{head}</table>{body}')


def _page(title: str, body: str) -> str:
    shown = escape(title)
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{shown}</title>{_STYLE}</head>'
    return f"{head}<body><h1>{shown}</h1>{body}</body></html>"


async def serve(viewer: Viewer, say: Callable[[str], None]) -> None:
    """Until cancelled. Raises OSError: the port is taken."""
    await viewer.begin()
    say(f"{viewer.address}\nCtrl-C ends it.")
    try:
        await viewer.run()
    finally:
        await viewer.end()
