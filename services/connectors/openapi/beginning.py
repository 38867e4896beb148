"""A manifest and its first tests as texts, begun from operations of an OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import yaml

from services.connectors.declared.reading import FILE
from services.connectors.openapi import operations
from services.connectors.openapi.authentication import means
from services.connectors.openapi.operations import Made
from services.connectors.openapi.reading import Found, NotImported, OpenApi
from services.connectors.openapi.samples import sample
from services.connectors.trying import cases

_WIDTH: Final = 120
_STANDS_FOR: Final = re.compile(r"\$\{ \.(?:([A-Za-z_]\w*)|\[(\"(?:[^\"\\]|\\.)*\")\]) \}")
_LONGEST: Final = 80


class Begun(msgspec.Struct, frozen=True):
    """`manifest` and `tests`: the texts of both files; `tests` is "" where no example could be made.

    `notes`: what a person decides; they stand in the manifest as well.
    """

    manifest: str
    tests: str
    notes: tuple[str, ...]

    @property
    def texts(self) -> dict[str, str]:
        """The files by name."""
        return {FILE: self.manifest, **({cases.FILE: self.tests} if self.tests else {})}


def begin(document: bytes, name: str, chosen: Sequence[str], *, version: str = "1.0.0") -> Begun:
    """The connector `name` with the operations `chosen` by their `operationId`.

    Raises:
        NotImported: the document is none, lacks one of them, or one speaks what a manifest does not; nothing is made.
    """
    read = OpenApi(document)
    if not chosen:
        raise NotImported(f"choose its operations: {', '.join(read.operations) or 'it has none'}")
    found = [read.operation(one) for one in dict.fromkeys(chosen)]
    made = [operations.operation(read, one, name) for one in found]
    if len({one.name for one in made}) != len(made):
        raise NotImported("two of these operations have one name here; give them others in the document")
    told = read.value.get("info") or {}
    by = means(read, found)
    notes = [*_address(read), *by.notes, *(f"{one.name}: {note}" for one in made for note in one.notes)]
    title = " ".join(str(told.get("title") or name).split())[:_LONGEST]
    manifest: dict[str, Any] = {"name": name, "version": version, "title": title}
    manifest["follows"] = f"OpenAPI document {title} {told.get('version', '')}".strip()
    if by.settings:
        manifest["settings"] = {"properties": by.settings, "required": list(by.settings)}
    if by.secrets:
        manifest["secrets"] = by.secrets
    manifest["authentication"] = by.authentication
    health = _health(made)
    if health is None:
        notes.append("No operation reads without input: add `health`, by which a connection is tried.")
    else:
        manifest["health"] = health
    manifest["operations"] = {one.name: one.part for one in made}
    has_tests = by.authentication["kind"] != "oauth2"
    tests = [test for one, source in zip(made, found, strict=True) for test in _tests(one, source)] if has_tests else []
    if not tests:
        notes.append("It has no tests: write some, with an exchange for the fetching of a token.")
    head = "".join(f"# TO DECIDE: {' '.join(note.split())}\n" for note in notes)
    settings = dict.fromkeys(by.settings, "example")
    body = {**({"settings": settings} if settings else {}), "tests": tests}
    return Begun(head + _written(manifest), _written(body) if tests else "", tuple(notes))


def _address(document: OpenApi) -> Iterable[str]:
    servers = document.value.get("servers")
    urls = [str(one.get("url")) for one in (servers if isinstance(servers, list) else []) if isinstance(one, dict)]
    whole = [one for one in urls if urlsplit(one).scheme in {"http", "https"}]
    if whole:
        return [f"The base URL of a connection is {whole[0]} by the document."]
    return ["The document names no whole server address: paths are below a connection's base URL."]


def _health(made: Iterable[Made]) -> dict[str, Any] | None:
    for one in made:
        if one.part["effect"] == "read" and not one.part["input"].get("required"):
            return {"operation": one.name}
    return None


def _tests(made: Made, found: Found) -> Iterable[dict[str, Any]]:
    """One that passes as it is, of an operation whose request is known from its samples."""
    try:
        given = {
            name: sample(schema)
            for name, schema in made.part["input"]["properties"].items()
            if name in made.part["input"].get("required", [])
        }
        answer = sample(made.part["output"])
    except LookupError:
        return []
    request: dict[str, Any] = {"path": _STANDS_FOR.sub(lambda one: _filled(one, given), made.part["request"]["path"])}
    if made.part["effect"] != "read":
        request["method"] = found.method
    if "body" in made.part["request"]:
        request["body"] = given[made.part["request"]["body"].removeprefix("${ .").removesuffix(" }")]
    exchange = {"request": request, "answer": {"body": answer}}
    test = {"name": f"{made.name} as the document has it", "operation": made.name, "input": given}
    return [{**test, "exchanges": [exchange], "expect": {"output": answer}}]


def _filled(match: re.Match[str], given: dict[str, Any]) -> str:
    value = given[match[1] or msgspec.json.decode(match[2])]
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """The reader of manifests takes none."""
        del data
        return True


def _written(value: Any) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text
