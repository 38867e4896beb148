"""`make audit`: every locked package is asked about at the indexes; a finding that nobody waived ends it with 1.

An index that cannot be reached says nothing: that ends it with 2, or, with `--if-reached`, with a line that says so.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.house.tree import ROOT
from tests.supply import waivers
from tests.supply.licences import NPM
from tests.supply.waivers import Waiver

LOCKS: Final = ("infra/locks/runtime.txt", "infra/locks/development.txt")
TOOL: Final = ROOT / "build/audit/bin/pip-audit"
_AWAY: Final = re.compile(
    r"ConnectionError|Max retries|timed out|Temporary failure|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|"
    r"ENETUNREACH|\b(?:403|404|405|501|502|503|504)\b.*(?:audit|advisor|pypi)|(?:audit|advisor).*\b(?:403|404|405|501|502|503|504)\b",
    re.IGNORECASE,
)


class NotReached(Exception):
    """An index gave no answer; nothing is known of its packages."""


class Finding(msgspec.Struct, frozen=True, order=True):
    """`names`: the identifiers under which a weakness is known."""

    package: str
    version: str
    names: tuple[str, ...]
    about: str = ""

    def __str__(self) -> str:
        return f"{self.package} {self.version}: {', '.join(self.names)} {self.about}".strip()


def of_python(text: str) -> list[Finding]:
    """What `pip-audit --format json` says. Raises ValueError for anything else, and NotReached.

    It passes over what its index does not know, and ends well: a mirror that keeps no advisories knows of no weakness.
    """
    told = json.loads(text)
    passed_over = [one["name"] for one in told["dependencies"] if "skip_reason" in one]
    if passed_over:
        raise NotReached(f"it tells nothing of {len(passed_over)} packages, such as {passed_over[0]}")
    return sorted(
        Finding(one["name"], one.get("version", ""), tuple(sorted({flaw["id"], *flaw.get("aliases", [])})))
        for one in told["dependencies"]
        for flaw in one.get("vulns", [])
    )


def of_npm(text: str) -> list[Finding]:
    """What `npm audit --json` says. Raises ValueError for anything else."""
    told = json.loads(text)
    if "vulnerabilities" not in told:
        raise ValueError(str(told.get("error") or told.get("message") or told)[:500])
    found: set[Finding] = set()
    for name, flaw in told["vulnerabilities"].items():
        for via in flaw["via"]:
            if isinstance(via, dict):
                identity = str(via.get("url", "")).rpartition("/")[2] or str(via.get("source", ""))
                found.add(
                    Finding(str(via.get("name", name)), str(via.get("range", "")), (identity,), via.get("title", ""))
                )
    return sorted(found)


def unwaived(findings: Iterable[Finding], held: Sequence[Waiver]) -> list[Finding]:
    """Those that no waiver names."""
    named = {(one.package.lower(), one.id) for one in held}
    return [one for one in findings if not any((one.package.lower(), name) in named for name in one.names)]


def idle(findings: Iterable[Finding], held: Sequence[Waiver]) -> list[Waiver]:
    """Waivers of what nobody finds any more: they go."""
    known = {(one.package.lower(), name) for one in findings for name in one.names}
    return [one for one in held if (one.package.lower(), one.id) not in known]


def gather() -> list[Finding]:
    """All findings of all locks. Raises NotReached."""
    found: list[Finding] = []
    for lock in LOCKS:
        command = [str(TOOL), "--requirement", lock, "--disable-pip", "--require-hashes", "--format", "json"]
        found += _asked([*command, "--progress-spinner", "off"], ROOT, of_python)
    for folder in NPM:
        found += _asked(["npm", "audit", "--json", "--package-lock-only"], ROOT / folder, of_npm)
    return sorted(set(found))


def main(arguments: Sequence[str]) -> int:
    held = waivers.read(waivers.FILE.read_text(encoding="utf-8"))
    wrong = waivers.mistakes(held, datetime.now(UTC).date())
    try:
        found = gather()
    except NotReached as away:
        sys.stdout.write(f"Not audited, since an index was not reached: {away}\n")
        return 0 if "--if-reached" in arguments and not wrong else 2
    open_ = unwaived(found, held)
    lines = [*(f"not waived: {one}" for one in open_), *(f"waiver: {one}" for one in wrong)]
    lines += [f"waiver of nothing: {one.package} {one.id}" for one in idle(found, held)]
    sys.stdout.write("\n".join([*lines, f"{len(found)} findings, {len(open_)} of them not waived"]) + "\n")
    return 1 if lines else 0


def _asked(command: list[str], folder: Path, read: Any) -> list[Finding]:
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    try:
        return list(read(ended.stdout))
    except (ValueError, KeyError) as error:
        said = (ended.stderr + ended.stdout).strip()
        if _AWAY.search(said):
            raise NotReached(f"{command[0].rpartition('/')[2]} in {folder.name or folder}: {said[-200:]}") from error
        raise RuntimeError(f"{' '.join(command)} ended with {ended.returncode}: {said[-2000:]}") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
