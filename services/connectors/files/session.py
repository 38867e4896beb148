"""A connection's files: a session with its server, and what goes wrong there as the two errors of connectors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from infra import clock, egress
from infra.egress import sftp
from infra.egress.sftp import Login, Sftp, SftpRefused
from services.connectors.sdk.context import Context, Exchange
from services.connectors.sdk.errors import Away, ErrorName, Refusal

SCHEME: Final = "sftp"
_PORT: Final = 22
_FORBIDDEN: Final = frozenset({"", ".", ".."})
_LONGEST: Final = 255
_REASONS: Final = {
    "resolve": "its name has no address",
    "connect": "it does not accept connections",
    "timeout": "it did not answer in time",
    "cut": "the connection was cut",
}


class Place(msgspec.Struct, frozen=True):
    """What a base URL such as `sftp://files.example.com:22/outbox` says. `root`: ends in a slash, or is empty."""

    host: str
    port: int
    root: str


def place(base_url: str) -> Place:
    """Raises Refusal: it is no address of files."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port or _PORT
    except ValueError:
        host, port, parts = "", 0, urlsplit("")
    if parts.scheme != SCHEME or not host or parts.username or parts.password or parts.query or parts.fragment:
        detail = "The setting `base_url` is no address such as sftp://files.example.com:22/folder"
        raise Refusal(detail, name="configuration", title="The address cannot be read")
    root = unquote(parts.path).rstrip("/")
    return Place(host, port, f"{root}/" if root else "")


def below(root: str, folder: str, name: str = "") -> str:
    """The path of a folder, or of a file in one, below the connection's own.

    Raises:
        Refusal: it would lead out of there (S-56), or is no name of a file.
    """
    parts = [*filter(None, folder.strip("/").split("/")), *([name] if name else [])]
    for one in parts:
        is_plain = one not in _FORBIDDEN and not set(one) & set("/\\") and one.isprintable()
        if not is_plain or len(one.encode()) > _LONGEST:
            detail = "A folder or file cannot be named so: it is a plain name, of at most 255 bytes"
            raise Refusal(detail, name="validation", status=400, title="The input has no place")
    return root + "/".join(parts) or "."


def seconds(context: Context) -> float:
    """Most that a session may take."""
    return float(context.settings.get("timeout_seconds", 30))


@asynccontextmanager
async def opened(context: Context, login: Login) -> AsyncIterator[tuple[Sftp, str]]:
    """A session, and the folder that the base URL names.

    Raises:
        Refusal: the server is another one, or does not let the account in; each says which setting to change.
        Away: the network failed. Of a write, `Context.sent` says whether it may have happened.
    """
    found = place(context.settings["base_url"])
    dial = egress.Dial(
        protocol=SCHEME,
        host=found.host,
        port=found.port,
        tls=False,
        destination=egress.Destination(ports=frozenset({found.port})),
    )
    started, outcome = clock.monotonic(), "done"
    try:
        async with sftp.opened(context.plugged(dial), login, seconds(context)) as session:
            yield session, found.root
    except SftpRefused as refused:
        outcome = refused.why
        raise refusal(refused) from refused
    except egress.Refused as error:
        outcome = "refused"
        raise Refusal(error.detail, name="configuration", status=422, title=error.title) from error
    except egress.Failed as error:
        outcome = error.kind
        raise _away(error, context) from error
    finally:
        spent = round((clock.monotonic() - started) * 1000, 1)
        context.exchanges.append(Exchange("SFTP", f"sftp://{found.host}:{found.port}", outcome, spent))


_SERVER: Final = (
    "It shows the host key {}, which is none of the setting `host_keys`. Nothing was said to it. Ask who runs it "
    "whether the key was changed; if it was, change the setting `host_keys`"
)
_ACCOUNT: Final = (
    "It does not let the account in. Look at the setting `user`, and at the secrets `password` and `private_key`"
)
_RIGHT: Final = "{}. Give the account behind the connection the right, or look at the setting `base_url`"
_TOLD: Final[dict[str, tuple[ErrorName, int, str, str]]] = {
    "host-key": ("authentication", 495, "The server is another one", _SERVER),
    "credentials": ("authentication", 401, "The credentials are refused", _ACCOUNT),
    "key": ("configuration", 422, "The private key cannot be used", "Look at the secret `private_key`: {}"),
    "denied": ("authorization", 403, "A right is missing", _RIGHT),
    "absent": ("configuration", 404, "It is not there", "{}. Look at the setting `base_url`"),
    "exists": ("communication", 409, "It is there already", "{}"),
    "refused": ("communication", 422, "The other system refused", "{}"),
}


def refusal(refused: SftpRefused) -> Refusal:
    """What a person reads, with what to change."""
    name, status, title, words = _TOLD[refused.why]
    told = refused.detail if refused.why in {"host-key", "key"} else _said(refused)
    return Refusal(words.format(told), name=name, status=status, title=title)


def _said(refused: SftpRefused) -> str:
    return refused.detail[:1].upper() + refused.detail[1:]


def _away(error: egress.Failed, context: Context) -> Exception:
    if error.kind == "too-large":
        return Refusal(f"It is too large: {error.detail}", status=413, title="It is too large")
    name: ErrorName = "timeout" if error.kind == "timeout" else "communication"
    return Away(_REASONS.get(error.kind, error.detail), sent=context.sent, name=name)


def login(settings: dict[str, Any], context: Context) -> Login:
    """Of the connection. Raises Refusal: it has neither a password nor a key."""
    password, key = context.secrets.get("password"), context.secrets.get("private_key")
    if password is None and key is None:
        detail = "The connection lacks its secret `password` or `private_key`; give one of both"
        raise Refusal(detail, name="configuration", title="A secret is missing")
    return Login(user=str(settings["user"]), host_keys=tuple(settings["host_keys"]), password=password, key=key)
