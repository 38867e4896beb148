"""One operation of OpenAPI → one of a manifest: where each part of the input goes, and what comes back."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from services.connectors.openapi.authentication import scopes
from services.connectors.openapi.reading import Found, NotImported, OpenApi
from services.connectors.openapi.schemas import Schemas

_JSON: Final = re.compile(r"application/(?:[\w.+-]+\+)?json(?:\s*;.*)?", re.IGNORECASE)
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_KEY: Final = re.compile(r"(?:x-)?(?:idempotency|request)-?(?:key|id)", re.IGNORECASE)
_PARAMETER: Final = re.compile(r"\{([^{}]+)\}")
_READS: Final = frozenset({"GET", "HEAD"})
_PLACES: Final = {"query": "query", "header": "headers"}
_OURS: Final = frozenset({"accept", "content-type", "authorization"})
"""Headers that OpenAPI has said elsewhere."""
_LONGEST: Final = 120


class Made(msgspec.Struct):
    """An operation of a manifest. `notes`: what a person decides of it."""

    name: str
    part: dict[str, Any]
    notes: list[str]


def operation(document: OpenApi, found: Found, prefix: str) -> Made:
    """The operation, named below `prefix`.

    Raises:
        NotImported: it sends or answers nothing that a manifest speaks.
    """
    return _Making(document, found).made(prefix)


class _Making:
    def __init__(self, document: OpenApi, found: Found) -> None:
        self._document = document
        self._found = found
        self._schemas = Schemas(document)
        self._notes: list[str] = []
        self._input: dict[str, Any] = {}
        self._required: list[str] = []
        self._request: dict[str, Any] = {}

    def made(self, prefix: str) -> Made:
        found, is_read = self._found, self._found.method in _READS
        self._parameters()
        self._body()
        if not is_read:
            self._request = {"method": found.method, **self._request}
        elif found.method == "HEAD":
            self._request = {"method": "HEAD", **self._request}
        part: dict[str, Any] = {"title": _title(found), "effect": self._effect(is_read=is_read)}
        if needed := scopes(self._document, found):
            part["scopes"] = needed
        part["input"] = {"type": "object", "properties": self._input, "required": self._required}
        if not self._required:
            del part["input"]["required"]
        part |= {"output": self._output(), "request": self._request, "answer": "${ . }"}
        if self._schemas.opened:
            self._notes.append("a schema of it is recursive or very large; what is open in it is {}")
        return Made(f"{prefix}.{_kebab(found.id)}", part, self._notes)

    def _parameters(self) -> None:
        path = self._found.path.lstrip("/")
        names = {}
        for one in self._found.parameters:
            place, name = one.get("in"), str(one.get("name"))
            if place == "header" and (_KEY.fullmatch(name) or name.lower() in _OURS):
                if name.lower() not in _OURS:
                    self._request.setdefault("headers", {})[name] = "${ $key }"
                continue
            if place == "cookie":
                self._notes.append(f"the cookie {name} is left out")
                continue
            member = self._take(name, self._schema_of(one), is_required=one.get("required") is True or place == "path")
            if place == "path":
                names[name] = member
            elif place in _PLACES:
                self._request.setdefault(_PLACES[place], {})[name] = self._value(one, member)
        unknown = [name for name in _PARAMETER.findall(path) if name not in names]
        for name in unknown:
            names[name] = self._take(name, {"type": "string"}, is_required=True)
        filled = _PARAMETER.sub(lambda match: f"${{ {access(names[match[1]])} }}", path)
        self._request = {"path": filled, **self._request}

    def _value(self, parameter: Any, member: str) -> str:
        """A list is repeated, which is `form` with `explode`; joined where that is not said."""
        exploded = parameter.get("explode", parameter.get("style", "form") == "form")
        schema = self._input[member]
        kind = schema.get("type") if isinstance(schema, dict) else None
        if parameter.get("style") == "deepObject" or kind == "object":
            self._notes.append(f"the parameter {member} is an object: write how it goes into the query")
        if kind == "array" and not exploded:
            joined = {"spaceDelimited": " ", "pipeDelimited": "|"}.get(str(parameter.get("style")), ",")
            return f'${{ if {access(member)} == null then null else {access(member)} | join("{joined}") end }}'
        return f"${{ {access(member)} }}"

    def _schema_of(self, parameter: Any) -> Any:
        given = parameter.get("schema")
        if given is None and isinstance(parameter.get("content"), dict):
            given = _json(parameter["content"])
        schema = self._schemas.converted({} if given is None else given, hidden="readOnly")
        words = parameter.get("description")
        return (
            {**schema, "description": _short(words)} if isinstance(words, str) and isinstance(schema, dict) else schema
        )

    def _body(self) -> None:
        body = self._document.at(self._found.part.get("requestBody"))
        if not isinstance(body, dict):
            return
        schema = _json(body.get("content"))
        if schema is None:
            kinds = ", ".join(body.get("content") or {})
            raise NotImported(f"{self._found.id} sends {kinds or 'nothing that is said'}, and a manifest sends JSON")
        member = self._take("body", self._schemas.converted(schema, hidden="readOnly"), is_required=True)
        self._request["body"] = f"${{ {access(member)} }}"

    def _take(self, name: str, schema: Any, *, is_required: bool) -> str:
        """A member of the input; two of one name, as of path and query, are told apart by a number."""
        member, count = name, 2
        while member in self._input:
            member, count = f"{name}_{count}", count + 1
        self._input[member] = schema
        if is_required:
            self._required.append(member)
        return member

    def _output(self) -> Any:
        responses = self._found.part.get("responses") or {}
        for status in sorted(str(one) for one in responses):
            if status.startswith("2"):
                answer = self._document.at(
                    responses.get(status, responses.get(int(status) if status.isdigit() else ""))
                )
                schema = _json(answer.get("content"))
                return {} if schema is None else self._schemas.converted(schema, hidden="writeOnly")
        self._notes.append("it says nothing of a good answer")
        return {}

    def _effect(self, *, is_read: bool) -> str:
        if is_read:
            return "read"
        if any(one == "${ $key }" for one in self._request.get("headers", {}).values()):
            self._notes.append("it has a header for keys, so it is `keyed`; how long are they known (key_valid_for)?")
            return "keyed"
        self._notes.append("does it write? `once-or-ask` asks a person when an answer is lost; a read_back is better")
        return "once-or-ask"


def access(name: str) -> str:
    """A member of the input in jq."""
    return f".{name}" if _PLAIN.fullmatch(name) else f".[{msgspec.json.encode(name).decode()}]"


def _json(content: Any) -> Any:
    """The schema of the JSON among the media types; None where there is none."""
    for kind, given in (content if isinstance(content, dict) else {}).items():
        if _JSON.fullmatch(str(kind)) or kind == "*/*":
            return given.get("schema", {})
    return None


def _title(found: Found) -> str:
    return _short(found.part.get("summary") or found.id)


def _short(words: Any) -> str:
    text = " ".join(str(words).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _kebab(name: str) -> str:
    words = "-".join(one.lower() for one in _WORD.findall(name)) or "operation"
    return words if words[0].isalpha() else f"op-{words}"
