"""How far a connector is proven: computed from the contract tests that ran, and never typed in (ADR 0078)."""

from __future__ import annotations

import functools
import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from services.connectors import shared_code
from services.connectors.declared import library, reading
from services.connectors.levels import Level
from services.connectors.sdk.connector import Connector
from services.connectors.ways import Way

RESULTS: Final = Path(__file__).with_name("certified.json")
"""What `pytest --certify` wrote, by connector or way of talking."""
_TESTS: Final = "tests"
"""The folder below the sources that an installation has not."""
_MOST_NAMED: Final = 3


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run of a connector's contract tests.

    Attributes:
        digest: of what was tested; another one was not.
        system: what it was tested against, with its version; `simulator`: whether that is one of ours.
        code: digests of the parts of shared code that its calls ran through, by name (`shared_code`).
        tests: digests of the files of the tests that ran, and of what was recorded of them, by path below the sources.
    """

    version: str
    digest: str
    system: str
    simulator: bool
    tested_on: date
    passed: int
    failed: int
    code: dict[str, str] = {}
    tests: dict[str, str] = {}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a connector is proven. `why`: in words, for people. `since`: what was changed since its tests ran."""

    level: Level
    why: str
    system: str | None = None
    tested_on: date | None = None
    tests: int = 0
    since: tuple[str, ...] = ()


def standing(connector: Connector) -> Standing:
    """Of the connector as it is here."""
    return judged(connector, results().get(connector.manifest.name))


def levels(connectors: Iterable[Connector]) -> dict[str, Level]:
    """By name, as they are here; read once, for they do not change while a process runs."""
    return {one.manifest.name: standing(one).level for one in connectors}


def judged(connector: Connector, result: Result | None) -> Standing:
    """What `result` says of the connector."""
    return _judged(digest(connector), shared_code.digests(shared_code.parts(connector)), result)


def standing_of_way(way: Way) -> Standing:
    """Of a way of talking as it is here."""
    return _judged(way.digest, shared_code.digests(way.through), results().get(way.name))


def as_tested(found: Standing) -> Standing:
    """What was said before any shared code or test changed: for pages that are not written anew with each change."""
    if not found.since:
        return found
    level: Level = "certified" if found.level == "certified before" else found.level
    return msgspec.structs.replace(found, level=level, why=found.why.partition(";")[0], since=())


def _judged(digest_now: str, code_now: Mapping[str, str], result: Result | None) -> Standing:
    if result is None:
        return Standing(level="not certified", why="No contract tests ran against it")
    known = {"system": result.system, "tested_on": result.tested_on, "tests": result.passed}
    if result.failed or not result.passed:
        return Standing(level="not certified", why=f"{result.failed} contract tests failed", **known)  # type: ignore[arg-type]  # by name
    if result.digest != digest_now:
        why = f"It was changed after its contract tests ran ({result.version}, {result.tested_on})"
        return Standing(level="not certified", why=why, **known)  # type: ignore[arg-type]  # by name
    why = f"{result.passed} contract tests passed against {result.system} on {result.tested_on}"
    since = tuple(_changed(code_now, result))
    if since:
        more = f" and {len(since) - _MOST_NAMED} more" if len(since) > _MOST_NAMED else ""
        why += f"; changed since then: {', '.join(since[:_MOST_NAMED])}{more}"
    proven: Level = "certified before" if since else "certified"
    return Standing(level="simulated" if result.simulator else proven, why=why, since=since, **known)  # type: ignore[arg-type]  # by name


def _changed(code_now: Mapping[str, str], result: Result) -> Iterator[str]:
    """What is another than it was in that run. Where the tests were left behind nobody can tell of them."""
    for name, now in sorted(code_now.items()):
        if result.code.get(name) != now:
            yield f"the shared code `{name}`"
    if not result.tests:
        yield "its tests, of which nothing was written down"
    has_tests = (shared_code.ROOT / _TESTS).is_dir()
    for path, digest_then in sorted(result.tests.items()):
        file = shared_code.ROOT / path
        if not has_tests and path.startswith(f"{_TESTS}/"):
            continue
        if not file.is_file() or shared_code.of_file(file) != digest_then:
            yield f"`{path}`"


def digest(connector: Connector) -> str:
    """SHA-256, hex, of what makes it: its manifest, or all modules of its package."""
    manifest = _folder(connector) / reading.FILE
    if manifest.exists():
        return hashlib.sha256(manifest.read_bytes()).hexdigest()
    found = hashlib.sha256()
    for file in _files(connector):
        found.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()


@functools.cache
def results() -> dict[str, Result]:
    """By connector, as they were written."""
    return read(RESULTS)


def read(file: Path) -> dict[str, Result]:
    """By connector; none where there is no such file."""
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Result]) if file.exists() else {}


def write(found: dict[str, Result], file: Path = RESULTS) -> None:
    """Put `found` in the place of what was known of these connectors."""
    text = msgspec.json.format(msgspec.json.encode({**read(file), **found}, order="sorted"), indent=1)
    file.write_bytes(text + b"\n")
    results.cache_clear()


def _folder(connector: Connector) -> Path:
    return library.ROOT / connector.manifest.name / connector.manifest.version


def _files(connector: Connector) -> list[Path]:
    module = sys.modules[type(connector).__module__]
    file = Path(inspect.getfile(module))
    # A package is one connector; a module beside others is one by itself.
    is_own = (file.parent / "connector.py").exists()
    return sorted(file.parent.glob("*.py")) if is_own else [file]
