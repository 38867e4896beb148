"""`make audit`: every locked package is asked about at the indexes; a finding that nobody waived ends it with 1.

An index that cannot be reached says nothing: that ends it with 2, or, with `--if-reached`, with a line that says so;
what the others say counts all the same.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.house.tree import ROOT
from tests.supply import waivers
from tests.supply.licences import NPM
from tests.supply.waivers import Waiver

LOCKS: Final = tuple(f"infra/locks/{name}.txt" for name in ("runtime", "development", "node", "audit"))
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


Question = Callable[[], list[Finding]]


def questions() -> Iterator[Question]:
    """One for each lock. Raises NotReached when it is asked and nobody answers."""
    for lock in LOCKS:
        command = [str(TOOL), "--requirement", lock, "--disable-pip", "--require-hashes", "--format", "json"]
        yield partial(_asked, [*command, "--progress-spinner", "off"], ROOT, of_python)
    for folder in NPM:
        yield partial(_asked, ["npm", "audit", "--json", "--package-lock-only"], ROOT / folder, of_npm)


def gather(asked: Iterable[Question]) -> tuple[list[Finding], list[str]]:
    """All findings, and which indexes were not reached."""
    found: set[Finding] = set()
    away: dict[str, None] = {}
    for question in asked:
        try:
            found.update(question())
        except NotReached as error:
            away[str(error)] = None
    return sorted(found), list(away)


def judged(found: Sequence[Finding], away: Sequence[str], held: Sequence[Waiver], today: date) -> tuple[int, list[str]]:
    """How it ends, and what is said: 1 where something is to be done, 2 where an index says nothing, else 0."""
    open_, wrong = unwaived(found, held), waivers.mistakes(list(held), today)
    todo = [*(f"not waived: {one}" for one in open_), *(f"waiver: {one}" for one in wrong)]
    # What nobody finds may be known where nobody answered.
    todo += [] if away else [f"waiver of nothing: {one.package} {one.id}" for one in idle(found, held)]
    told = [f"Not audited, since an index was not reached: {one}" for one in away]
    told += [*todo, f"{len(found)} findings, {len(open_)} of them not waived"]
    return (1 if todo else 2 if away else 0), told


def main(arguments: Sequence[str]) -> int:
    held = waivers.read(waivers.FILE.read_text(encoding="utf-8"))
    end, told = judged(*gather(questions()), held, datetime.now(UTC).date())
    sys.stdout.write("\n".join(told) + "\n")
    return 0 if end == 2 and "--if-reached" in arguments else end


def _asked(command: list[str], folder: Path, read: Any) -> list[Finding]:
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    try:
        return list(read(ended.stdout))
    except (ValueError, KeyError) as error:
        told = (ended.stderr + ended.stdout).splitlines()
        said = " ".join(" ".join(line for line in told if not line.startswith("npm warn")).split())
        if _AWAY.search(said):
            raise NotReached(f"{command[0].rpartition('/')[2]} in {folder.name}: {said[:160]}") from error
        raise RuntimeError(f"{' '.join(command)} ended with {ended.returncode}: {said[-2000:]}") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
