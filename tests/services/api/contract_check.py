"""schemathesis over the whole OpenAPI document, the API's or the portal's, against an API that is served (S-95)."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from services.api import openapi
from services.api.routes import HANDLERS
from services.portal import openapi as pages
from tests.services.api.contract_askers import Asker

CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ensure_resource_availability",
    "ignored_auth",
)
"""All that can be decided from outside. What is taken and refused of the rest is what each route's own tests say."""
ENDLESS: Final = ("/runs/changes", "/lifecycle")
"""Answers that have no end; `tests/services/api/test_event_stream.py` reads them."""
SELF: Final = ("/revoke", "/rotate", "/disable")
"""They would end the key that asks, and with it the campaign: left out of those that follow links."""
SIGNING_OUT: Final = ("sign_out", "remove_second_factor")
"""Likewise of a person, whatever the campaign."""
LEAVING: Final = ("leave_for_provider",)
"""It asks a provider, which is one that the campaign has made up: 502, and rightly."""
ONE_FORM: Final = r"^(?!/v1/clients/{client}/{env)"
"""A partner's paths lead to the same handlers; the matrix of routes walks them all."""
_ENOUGH: Final = 40
_ENDING: Final = 60.0
"""Seconds that a campaign takes beside its budget: to begin, for the last answers and to tell what it found."""


class Found(msgspec.Struct, frozen=True):
    """What a campaign came to: requests that were sent, and what was wrong, a line each."""

    requests: int
    failures: list[str]


def is_installed() -> bool:
    return importlib.util.find_spec("schemathesis") is not None


def check(
    folder: Path,
    url: str,
    asker: Asker,
    *,
    examples: int,
    seed: int,
    phases: tuple[str, ...] = ("fuzzing",),
    only: str = "",
    without: tuple[str, ...] = (),
    budget: int | None = None,
) -> Found:
    """Run it as a program of its own.

    Args:
        folder: for its files.
        url: where the API answers.
        asker: who asks, and for which document.
        examples: of each operation.
        seed: of its dice.
        phases: of schemathesis.
        only: of which paths, by a pattern.
        without: checks that are left out.
        budget: seconds, over and over until they are spent; None: once, for as long as it takes.

    Raises:
        AssertionError: it did not come to an end.
        subprocess.TimeoutExpired: nor did it when its budget was spent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    document, report = folder / "openapi.json", folder / "report.ndjson"
    document.write_bytes(_document(asker, only, stateful="stateful" in phases))
    checks = ",".join(one for one in CHECKS if one not in without)
    command = [sys.executable, "-W", "ignore", "-m", "schemathesis.cli", "run", str(document), "--url", url]
    for name, value in asker.headers.items():
        command += ["-H", f"{name}: {value}"]
    command += ["--phases", ",".join(phases), "-c", checks]
    command += ["-n", str(examples), "--seed", str(seed), "--continue-on-failure", "--no-color", "--warnings", "off"]
    command += ["--suppress-health-check", "all", "--request-timeout", "30", "--no-shrink"]
    command += ["--report", "ndjson", "--report-ndjson-path", str(report)]
    for name in SIGNING_OUT + LEAVING:
        command += ["--exclude-operation-id", name]
    command += [] if budget is None else ["--max-time", str(budget)]
    seconds = 600.0 if budget is None else budget + _ENDING
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
    assert ended.returncode in {0, 1}, ended.stdout[-3000:] + ended.stderr[-3000:]
    failures = _failures(ended.stdout) if ended.returncode else []
    return Found(_count(ended.stdout), failures)


@cache
def _described(*, portal: bool) -> bytes:
    """Seconds of processor time, for five campaigns of one test."""
    return pages.document() if portal else openapi.document(HANDLERS)


def _document(asker: Asker, only: str, *, stateful: bool) -> bytes:
    whole: dict[str, Any] = msgspec.json.decode(_described(portal=asker.portal))
    without = ENDLESS + (SELF if stateful else ())
    whole["paths"] = {
        path: methods
        for path, methods in whole["paths"].items()
        if not path.endswith(without) and re.search(only, path)
    }
    if asker.portal:
        # The cookie comes with every request: one that is made up beside it would be another.
        del whole["components"]["securitySchemes"]
        for methods in whole["paths"].values():
            for operation in methods.values():
                operation.pop("security", None)
    return msgspec.json.encode(whole)


def _count(told: str) -> int:
    found = re.search(r"([\d,]+) generated", told)
    return int(found[1].replace(",", "")) if found else 0


def _failures(told: str) -> list[str]:
    """The part of the report that names them; it ends in how to do each again."""
    begin = told.find("= FAILURES =")
    lines = [line.rstrip() for line in told[max(begin, 0) :].splitlines() if line.strip()]
    return lines[: 10 * _ENOUGH] or ["it failed and says nothing"]
