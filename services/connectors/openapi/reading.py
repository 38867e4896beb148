"""An OpenAPI 3.0 or 3.1 document: its operations by id, and what its references stand for."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
import yaml

LARGEST: Final = 20 * 1024 * 1024
_METHODS: Final = ("get", "head", "post", "put", "patch", "delete")
_DEEPEST: Final = 50


class NotImported(ValueError):
    """No manifest can be made of the document; the message says why, and what to do."""


class Found(msgspec.Struct, frozen=True):
    """One operation. `parameters` are those of its path as well, its own before them."""

    id: str
    method: str
    path: str
    part: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]


class OpenApi:
    """A document, read."""

    def __init__(self, text: bytes) -> None:
        """`text`: JSON or YAML. Raises NotImported."""
        self.value = _parsed(text)
        version = str(self.value.get("openapi", ""))
        if not version.startswith(("3.0", "3.1")):
            said = "Swagger 2" if "swagger" in self.value else f"OpenAPI {version}" if version else "none of OpenAPI"
            raise NotImported(f"it is {said}; convert it to OpenAPI 3.0 or 3.1")
        self.is_old = version.startswith("3.0")
        self._operations = {one.id: one for one in self._found()}

    @property
    def operations(self) -> Mapping[str, Found]:
        """By `operationId`; one without is called by method and path."""
        return self._operations

    def operation(self, name: str) -> Found:
        """Raises NotImported: there is none of this id."""
        found = self._operations.get(name)
        if found is None:
            close = difflib.get_close_matches(name, self._operations, n=3)
            more = f"; did you mean {', '.join(close)}?" if close else ""
            raise NotImported(f"it has no operation {name!r}{more}")
        return found

    def at(self, given: Any) -> Any:
        """`given`, or what its `$ref` leads to, through others.

        Raises:
            NotImported: it leads out of the document, nowhere, or in a circle.
        """
        for _ in range(_DEEPEST):
            if not (isinstance(given, dict) and isinstance(given.get("$ref"), str)):
                return given
            given = self._target(given["$ref"])
        raise NotImported("a reference of it leads in a circle")

    def _target(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            raise NotImported(f"{reference!r} leads out of the document; bundle it into one file first")
        value: Any = self.value
        for token in reference[2:].split("/"):
            name = token.replace("~1", "/").replace("~0", "~")
            if not isinstance(value, dict) or name not in value:
                raise NotImported(f"{reference!r} leads nowhere")
            value = value[name]
        return value

    def _found(self) -> Iterator[Found]:
        paths = self.value.get("paths")
        for path, given in (paths if isinstance(paths, dict) else {}).items():
            item = self.at(given)
            for method in _METHODS:
                if isinstance(item, dict) and isinstance(item.get(method), dict):
                    yield self._operation(str(path), method, item)

    def _operation(self, path: str, method: str, item: Mapping[str, Any]) -> Found:
        part = item[method]
        own = [self.at(one) for one in part.get("parameters") or []]
        shared = [self.at(one) for one in item.get("parameters") or []]
        known = {(one.get("in"), one.get("name")) for one in own}
        shared = [one for one in shared if (one.get("in"), one.get("name")) not in known]
        name = str(part.get("operationId") or f"{method} {path}")
        return Found(name, method.upper(), path, part, (*own, *shared))


def _parsed(text: bytes) -> dict[str, Any]:
    if len(text) > LARGEST:
        raise NotImported(f"it has more than {LARGEST // 1024 // 1024} MiB")
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        try:
            if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_Loader)):
                raise NotImported("it has aliases; write it without them") from None
            found = yaml.load(text, Loader=_Loader)  # noqa: S506 (derived from the safe one)
        except (yaml.YAMLError, UnicodeError, RecursionError) as error:
            raise NotImported(f"it is no JSON or YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(found, dict):
        raise NotImported("it is no OpenAPI document")
    return found


class _Loader(yaml.CSafeLoader):
    """Without dates, which JSON has not."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for first, known in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
