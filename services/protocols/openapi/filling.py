"""The arguments of a call put where the operation wants them: path, query, headers, cookies, body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import urlencode

from infra.egress import Destination, Request, join
from services.protocols import contents, errors
from services.protocols.openapi import styles
from services.protocols.openapi.operation import Body, Operation, Parameter

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


def request(operation: Operation, arguments: Mapping[str, Any], key: str, destination: Destination) -> Request:
    """The request that calls `operation` with `arguments` by name; `key` goes along as its idempotency key.

    Raises:
        Refusal: `configuration`: an argument is missing, unknown, or cannot be written as its parameter asks.
        Refused: of egress: the path would lead out of the server's.
    """
    given = [(parameter, _value(parameter, arguments)) for parameter in operation.parameters]
    given = [(parameter, value) for parameter, value in given if value is not None]
    rest = {name: value for name, value in arguments.items() if name not in {one.name for one in operation.parameters}}
    body, media = _body(operation.body, rest, key)
    headers = {"Accept": contents.ACCEPT, "Idempotency-Key": key}
    if media:
        headers["Content-Type"] = media
    cookies, query = [], []
    for parameter, value in given:
        match parameter.place:
            case "query":
                query += styles.in_query(parameter, value)
            case "cookie":
                cookies += styles.in_query(parameter, value)
            case "header":
                headers = {name: one for name, one in headers.items() if name.lower() != parameter.name.lower()}
                headers[parameter.name] = styles.in_header(parameter, value)
            case _:
                pass
    if cookies:
        headers["Cookie"] = "; ".join(cookies)
    url = join(operation.server, _path(operation, given))
    if query:
        url += "?" + "&".join(query)
    return Request(method=operation.method, url=url, headers=headers, body=body, destination=destination)


def _value(parameter: Parameter, arguments: Mapping[str, Any]) -> Any:
    value = arguments.get(parameter.name)
    if value is not None or not (parameter.required or parameter.place == "path"):
        return value
    if parameter.default is None:
        raise _unusable(f"the operation needs the {parameter.place} parameter {parameter.name!r}")
    return parameter.default


def _path(operation: Operation, given: list[tuple[Parameter, Any]]) -> str:
    found = {one.name: styles.in_path(one, value) for one, value in given if one.place == "path"}

    def fill(match: re.Match[str]) -> str:
        if not found.get(match[1]):
            raise _unusable(f"the path parameter {match[1]!r} is missing or empty")
        return found[match[1]]

    return _PLACEHOLDER.sub(fill, operation.path)


def _body(body: Body | None, rest: dict[str, Any], key: str) -> tuple[bytes, str]:
    """Bytes and content type; what is no parameter is the body, or a member of it."""
    if body is None:
        if rest:
            raise _unusable(f"the operation has no parameter {next(iter(rest))[:80]!r}, and takes no body")
        return b"", ""
    if not rest:
        if body.required:
            wanted = f"`{body.name}`" if body.name else "its fields"
            raise _unusable(f"the operation needs a body: give it as the parameter {wanted}")
        return b"", ""
    is_whole = set(rest) == {body.name} and body.name not in body.members
    value = rest[body.name] if is_whole else rest
    unknown = [] if is_whole or not body.members else [name for name in rest if name not in body.members]
    if body.name in unknown or (unknown and not body.name):
        close = get_close_matches(unknown[0], body.members, 1)
        meant = f"; meant {close[0]!r}?" if close else ""
        raise _unusable(f"the operation has no parameter {unknown[0][:80]!r}{meant}")
    return _encoded(body, value, key)


def _encoded(body: Body, value: Any, key: str) -> tuple[bytes, str]:
    kind = body.media.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded" and isinstance(value, dict):
        return urlencode(contents.pairs(value)).encode(), kind
    if kind == "multipart/form-data" and isinstance(value, dict):
        return _multipart(body, value, key[:32])
    found, _ = contents.body(value, body.media)
    return found, "application/json" if body.media in {"*/*", "application/*"} else body.media


def _multipart(body: Body, value: dict[str, Any], boundary: str) -> tuple[bytes, str]:
    """RFC 7578. A file's content is the text that is given."""
    parts: list[bytes] = []
    for name, given in value.items():
        quoted = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        for one in given if isinstance(given, list) else [given]:
            disposition = f'form-data; name="{quoted}"'
            if name in body.files:
                disposition += f'; filename="{quoted}"'
            kind = "application/json" if isinstance(one, dict) else "text/plain; charset=utf-8"
            head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\nContent-Type: {kind}\r\n\r\n"
            parts += [head.encode(), contents.text(one).encode(), b"\r\n"]
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def _unusable(detail: str) -> errors.Refusal:
    return errors.configuration("Unusable parameters", detail, sent=True)
