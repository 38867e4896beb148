"""The code that connectors share, in parts: a level holds for those that the connector's calls run through (ADR 0108).

What checks, loads or imports manifests is in none of them: no call runs through it.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from services.connectors.capabilities.contracts import contracts
from services.connectors.declared.connector import Declared
from services.connectors.declared.document import Document, Inside, OAuth2, OAuth2Code, OperationPart, RequestPart
from services.connectors.declared.document import Session as SessionPart
from services.connectors.declared.trigger_parts import FilesPart, PollPart, WebhookPart
from services.connectors.sdk.connector import Connector

ROOT: Final = Path(__file__).parents[2]
_HERE: Final = "services/connectors"
_DECLARED: Final = f"{_HERE}/declared"
_FORMS: Final = f"{_DECLARED}/forms"
_SIGNING: Final = f"{_DECLARED}/credentials"

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "sdk": (f"{_HERE}/sdk/*.py",),
    "calls": tuple(f"{_HERE}/{one}.py" for one in ("function", "visit", "writes", "reconciling")),
    "records": (f"{_HERE}/capabilities/*.py", f"{_HERE}/capabilities/*.yaml"),
    "manifests": (
        *(f"{_DECLARED}/{one}.py" for one in ("connector", "operations", "programs", "mapping", "channels")),
        *(f"{_DECLARED}/{one}.py" for one in ("exchanges", "requests", "replies", "verdicts", "waiting", "steps")),
        *(f"{_DECLARED}/{one}.py" for one in ("conditions", "statuses")),
        *(f"{_FORMS}/{one}.py" for one in ("form", "choosing")),
        *(f"{_SIGNING}/{one}.py" for one in ("kinds", "choosing")),
    ),
    "pages": (f"{_DECLARED}/pages.py",),
    "polls": (f"{_DECLARED}/triggers.py",),
    "polling": (f"{_HERE}/polling/*.py",),
    "graphql": (f"{_FORMS}/graphql.py",),
    "json-rpc": (f"{_FORMS}/json_rpc.py",),
    "odata": (f"{_FORMS}/odata.py",),
    "xml": (f"{_FORMS}/soap.py", f"{_FORMS}/xml_*.py"),
    "tokens": (f"{_SIGNING}/oauth2.py", f"{_SIGNING}/token_endpoint.py", f"{_SIGNING}/fetched.py"),
    "authorised": (f"{_SIGNING}/code.py", f"{_SIGNING}/token_endpoint.py", f"{_HERE}/authorizing/*.py"),
    "sessions": tuple(f"{_SIGNING}/{one}.py" for one in ("session", "inside", "login", "fetched")),
    "layouts": (
        *(f"{_HERE}/files/{one}.py" for one in ("cells", "layout", "rows", "writing")),
        f"{_DECLARED}/files/layouts.py",
    ),
    "files": (
        f"{_HERE}/files/session.py",
        *(f"{_DECLARED}/files/{one}.py" for one in ("exchange", "taking", "trigger", "slowness")),
        "infra/egress/sftp.py",
        "infra/egress/ssh.py",
    ),
    "sql": (
        f"{_HERE}/sql/*.py",
        f"{_DECLARED}/sql/exchange.py",
        f"{_DECLARED}/sql/named.py",
        "infra/egress/sql.py",
        "infra/egress/postgresql.py",
    ),
    "mail": (f"{_HERE}/mail/*.py", "infra/mail/errors.py"),
    "imap": ("infra/mail/imap.py", "infra/mail/answers.py", "infra/mail/mailbox_names.py"),
    "smtp": ("infra/mail/smtp.py", "infra/mail/server.py", "infra/mail/replies.py"),
    "webhooks": ("services/inbound/mapping.py", "services/inbound/verification.py"),
}
"""Patterns below the sources, by the name of the part."""
_IN_CODE: Final[Mapping[str, tuple[str, ...]]] = {
    "imap": ("layouts", "mail", "imap"),
    "smtp": ("layouts", "mail", "imap", "smtp"),
    "tryton": ("records",),
}
"""Of the connectors that are code, beside what all run through."""
_ALL: Final = ("sdk", "calls")
_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (OAuth2, "tokens"),
    (OAuth2Code, "authorised"),
    (SessionPart, "sessions"),
    (Inside, "sessions"),
    (PollPart, "polls"),
    (FilesPart, "files"),
    (WebhookPart, "webhooks"),
)


def parts(connector: Connector) -> tuple[str, ...]:
    """Names of the parts that its calls run through."""
    asked = ("polling",) if any(one.kind != "webhook" for one in connector.manifest.triggers) else ()
    if isinstance(connector, Declared):
        return tuple(sorted({*_ALL, *asked, "manifests", *_of_manifest(connector.document)}))
    return (*_ALL, *asked, *_IN_CODE.get(connector.manifest.name, ()))


def digests(names: Iterable[str]) -> dict[str, str]:
    """SHA-256, hex, of each of these parts as it is here."""
    return {name: of_files(PARTS[name]) for name in names}


def of_files(patterns: Iterable[str]) -> str:
    """SHA-256, hex, of the files below the sources that these patterns mean, with their names."""
    found = hashlib.sha256()
    for file in sorted({one for pattern in patterns for one in ROOT.glob(pattern)}):
        found.update(f"{file.relative_to(ROOT).as_posix()}\0{of_file(file)}\0".encode())
    return found.hexdigest()


def of_file(file: Path) -> str:
    """SHA-256, hex; read once while it stays as it is. Raises OSError."""
    known = file.stat()
    return _read(file, known.st_mtime_ns, known.st_size)


@functools.lru_cache(maxsize=2_048)
def _read(file: Path, modified: int, size: int) -> str:
    del modified, size
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _of_manifest(document: Document) -> Iterator[str]:
    for part in (document.authentication, *document.triggers.values()):
        yield from (name for kind, name in _KINDS if isinstance(part, kind))
    if contracts().keys() & document.operations.keys():
        yield "records"
    for operation in document.operations.values():
        if operation.pages is not None or any(one.pages is not None for one in operation.checks):
            yield "pages"
        for request in _requests(operation):
            yield from _of_request(request)
    if document.layouts or any(isinstance(one, FilesPart) for one in document.triggers.values()):
        yield "layouts"


def _requests(part: OperationPart) -> Iterator[RequestPart]:
    yield part.request
    yield from part.also.values()
    yield from (one.request for one in part.before)
    yield from (one.request for one in part.checks if one.request is not None)
    if part.read_back is not None:
        yield part.read_back.request
        yield from part.read_back.also.values()


def _of_request(request: RequestPart) -> Iterator[str]:
    told: dict[str, Any] = {
        "graphql": request.graphql,
        "json-rpc": request.json_rpc,
        "odata": request.odata,
        "xml": request.xml,
        "files": request.file,
        "layouts": request.file,
        "sql": request.sql,
    }
    yield from (name for name, one in told.items() if one is not None)
