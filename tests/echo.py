"""A system on loopback that sends back every credential that it is given, in every form that systems have."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import html
import json
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, quote

FETCHED = "canary-20-fetched.8c1/d0+e=="
"""The access token that it gives out."""


class Echo:
    """Use as `async with Echo() as echo`. The path says how it answers; `seen`: the credentials that came."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.strip().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                secret = self._secret(headers, body)
                writer.write(_answer(first.split(" ")[1], secret, headers, body))
                await writer.drain()
        writer.close()

    def _secret(self, headers: dict[str, str], body: bytes) -> str:
        form = parse_qs(body.decode("latin-1")).get("client_secret", [""])[0]
        given = form or headers.get("authorization") or headers.get("x-key") or "nothing at all"
        scheme, _, rest = given.partition(" ")
        if scheme == "Basic":
            given = base64.b64decode(rest).decode().partition(":")[2]
        elif scheme == "Bearer":
            given = rest
        self.seen.append(given)
        return given


def forms(secret: str) -> dict[str, str]:
    """As others write what they were given."""
    raw = secret.encode()
    return {
        "plain": f"you sent {secret} to us",
        "url": f"https://elsewhere.example/?key={quote(secret, safe='')}&more=1",
        "base64": base64.b64encode(raw).decode(),
        "pair": base64.b64encode(b"somebody:" + raw).decode(),
        "for urls": base64.urlsafe_b64encode(b"x:" + raw + b":y").decode().rstrip("="),
        "hex": raw.hex(),
        "HEX": raw.hex().upper(),
        "json": json.dumps({"given": secret}),
        "json in json": json.dumps(json.dumps({"given": secret})),
        "markup": f"<b>{html.escape(secret)}</b>",
        "python": repr({"given": secret}),
        f"a name: {secret}": "it is a name",
    }


def _answer(path: str, secret: str, headers: dict[str, str], body: bytes) -> bytes:
    told = json.dumps({"detail": " ".join(forms(secret).values()), "forms": forms(secret), "headers": headers})
    kind, status = "application/json", "200 OK"
    more = [f"X-Echo: {quote(secret)}", f"Set-Cookie: session={base64.b64encode(secret.encode()).decode()}"]
    if path.startswith("/unauthorized"):
        status = "401 Unauthorized"
    elif path.startswith("/token"):
        told = json.dumps({"access_token": FETCHED, "token_type": "Bearer", "expires_in": 3600, "of": forms(secret)})
    elif path.startswith("/redirect"):
        status = "302 Found"
        more.append(f"Location: https://elsewhere.example/?key={quote(secret, safe='')}")
    elif path.startswith("/markup"):
        status, kind = "400 Bad Request", "application/xml"
        told = f'<error key="{html.escape(secret)}"><sent>{html.escape(secret, quote=False)}</sent></error>'
    elif path.startswith("/text"):
        status, kind, told = "422 Unprocessable Content", "text/plain", "\n".join(forms(secret).values())
    elif path.startswith("/form"):
        status, kind = "409 Conflict", "application/x-www-form-urlencoded"
        told = f"reason=taken&given={quote(secret, safe='')}"
    content = told.encode() + (b"" if not body else b" ")
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(content)}", *more, "", ""]
    return "\r\n".join(lines).encode("utf-8") + content
