"""How far a connector is proven: computed from the contract tests that ran, and never typed in (ADR 0078)."""

from __future__ import annotations

import functools
import hashlib
import inspect
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from services.connectors.declared import library, reading
from services.connectors.levels import Level
from services.connectors.sdk.connector import Connector
from services.connectors.trying import cases
from services.connectors.ways import Way

RESULTS: Final = Path(__file__).with_name("certified.json")
"""What `pytest --certify` wrote, by connector or way of talking."""
BESIDE: Final = "certified.json"
"""What a run that recorded a connector's tests left beside its manifest."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run of a connector's contract tests.

    Attributes:
        digest: of what was tested; another one was not.
        system: what it was tested against, with its version; `simulator`: whether that is one of ours.
        tests_digest: of the tests as they ran: their files, or what was recorded of them beside the manifest.
    """

    version: str
    digest: str
    system: str
    simulator: bool
    tested_on: date
    passed: int
    failed: int
    tests_digest: str = ""


class _Tried(msgspec.Struct, frozen=True):
    """`certified.json` beside a manifest. `tests_sha256`: of what the run recorded, which is played ever since."""

    system: str
    on: date
    manifest_sha256: str
    passed: int
    tests_sha256: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a connector is proven. `why`: in words, for people."""

    level: Level
    why: str
    system: str | None = None
    tested_on: date | None = None
    tests: int = 0


def standing(connector: Connector) -> Standing:
    """Of the connector as it is here."""
    return judged(connector, _tried(connector) or results().get(connector.manifest.name))


def levels(connectors: Iterable[Connector]) -> dict[str, Level]:
    """By name, as they are here; read once, for they do not change while a process runs."""
    return {one.manifest.name: standing(one).level for one in connectors}


def judged(connector: Connector, result: Result | None) -> Standing:
    """What `result` says of the connector."""
    return _judged(digest(connector), result)


def standing_of_way(way: Way) -> Standing:
    """Of a way of talking as it is here."""
    return _judged(way.digest, results().get(way.name))


def _judged(digest_now: str, result: Result | None) -> Standing:
    if result is None:
        return Standing(level="not certified", why="No contract tests ran against it")
    known = {"system": result.system, "tested_on": result.tested_on, "tests": result.passed}
    if result.failed or not result.passed:
        return Standing(level="not certified", why=f"{result.failed} contract tests failed", **known)  # type: ignore[arg-type]  # by name
    if result.digest != digest_now:
        why = f"It was changed after its contract tests ran ({result.version}, {result.tested_on})"
        return Standing(level="not certified", why=why, **known)  # type: ignore[arg-type]  # by name
    level: Level = "simulated" if result.simulator else "certified"
    why = f"{result.passed} contract tests passed against {result.system} on {result.tested_on}"
    return Standing(level=level, why=why, **known)  # type: ignore[arg-type]  # by name


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
    if not RESULTS.exists():
        return {}
    return msgspec.json.decode(RESULTS.read_bytes(), type=dict[str, Result])


def write(found: dict[str, Result], file: Path = RESULTS) -> None:
    """Put `found` in the place of what was known of these connectors."""
    known = msgspec.json.decode(file.read_bytes(), type=dict[str, Result]) if file.exists() else {}
    text = msgspec.json.format(msgspec.json.encode({**known, **found}, order="sorted"), indent=1)
    file.write_bytes(text + b"\n")
    results.cache_clear()


def _folder(connector: Connector) -> Path:
    return library.ROOT / connector.manifest.name / connector.manifest.version


def _tried(connector: Connector) -> Result | None:
    """What a run against the real system left beside the manifest (ADR 0079)."""
    file = _folder(connector) / BESIDE
    if not file.exists():
        return None
    tried = msgspec.json.decode(file.read_bytes(), type=_Tried)
    played = hashlib.sha256((_folder(connector) / cases.FILE).read_bytes()).hexdigest()
    return Result(
        version=connector.manifest.version,
        # Tests that somebody typed afterwards are none that ran.
        digest=tried.manifest_sha256 if played == tried.tests_sha256 else "",
        system=tried.system,
        simulator=False,
        tested_on=tried.on,
        passed=tried.passed,
        failed=0,
        tests_digest=tried.tests_sha256,
    )


def _files(connector: Connector) -> list[Path]:
    module = sys.modules[type(connector).__module__]
    file = Path(inspect.getfile(module))
    # A package is one connector; a module beside others is one by itself.
    is_own = (file.parent / "connector.py").exists()
    return sorted(file.parent.glob("*.py")) if is_own else [file]
