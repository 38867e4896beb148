"""Documents that are right, and ones that are wrong in a single place, for each thing that the language says.

They agree with the JSON Schema of the language, except that it accepts what a pair of `beyond_schema` has wrong: there
the reference asks for more than the schema can.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

HEAD: Final = "document: {dsl: '1.0.3', namespace: test, name: t, version: '1.0.0'}\n"
_DONE: Final = "do:\n  - t: {set: {a: 1}}\n"
_KNOWN: Final = "use:\n  secrets: [pair]\n  authentications: {known: {bearer: {token: abc}}}\n"


class Pair(NamedTuple):
    """`pointer` and `words` are those of a violation of `wrong`."""

    feature: str
    right: str
    wrong: str
    pointer: str
    words: str
    beyond_schema: bool


def _task(body: str, _: str) -> str:
    return f"{HEAD}do:\n  - t: {body}\n"


def _around(body: str, _: str) -> str:
    return f"{HEAD}{body}\n{_DONE}"


def _call(body: str, feature: str) -> str:
    """The `with` of a function of the language, the first word of the feature."""
    return _task(f"{{call: {feature.split(maxsplit=1)[0]}, with: {body}}}", feature)


def _policy(body: str, _: str) -> str:
    """An authentication policy, where there is a secret `pair` and a named policy `known`."""
    endpoint = f"{{uri: 'https://a.b', authentication: {body}}}"
    return f"{HEAD}{_KNOWN}do:\n  - t: {{call: http, with: {{method: get, endpoint: {endpoint}}}}}\n"


_KINDS: Final = {
    "task": (_task, "/do/0/t"),
    "around": (_around, ""),
    "call": (_call, "/do/0/t/with"),
    "policy": (_policy, "/do/0/t/with/endpoint/authentication"),
}


def _pair(entry: dict[str, Any]) -> Pair:
    kind = next(name for name in _KINDS if name in entry)
    write, pointer = _KINDS[kind]
    feature = entry[kind]
    right, wrong = write(entry["right"], feature), write(entry["wrong"], feature)
    return Pair(feature, right, wrong, pointer + entry["at"], entry["says"], entry.get("beyond_schema", False))


PAIRS: Final = tuple(
    _pair(entry)
    for file in sorted((Path(__file__).parent / "documents").glob("*.yaml"))
    for entry in yaml.safe_load(file.read_text(encoding="utf-8"))
)
