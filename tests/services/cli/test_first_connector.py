"""The tutorial for a first connector: each command on its page is run as it stands there, in its order."""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest
from click.testing import CliRunner

from infra import egress
from infra.encryption.secret import Secret
from services.cli.main import waybill
from services.connectors.declared import manuscripts
from services.connectors.trying import cases
from services.connectors.trying.cases import Cases
from services.connectors.trying.trial import Live, Trial, Verdict
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from tests.patience import PATIENCE

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "docs" / "integrator" / "first-connector.md"
HERE: Final = re.compile("<<'([A-Z]+)'")
BLOCK: Final = re.compile(r"^```sh ?([\w-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(block: str) -> Iterator[str]:
    """Each command with its here-document."""
    lines = iter(block.splitlines())
    for line in lines:
        if found := HERE.search(line):
            rest = list(iter(lambda: next(lines), found[1]))
            yield "\n".join([line, *rest, found[1]])
        elif line:
            yield line


def run(command: str) -> int:
    """`waybill` here, so that it starts once for all; everything else by the shell."""
    if not command.startswith("waybill "):
        return subprocess.run(["/bin/bash", "-c", command], check=False).returncode
    result = CliRunner().invoke(waybill, shlex.split(command)[1:])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    sys.stdout.write(f"$ {command}\n{result.output}\n")
    return result.exit_code


async def watched(folder: Path, address: str) -> tuple[list[Verdict], list[tuple[str | None, str]]]:
    """How the looks of the page go against the stand-in as it runs then, and their cursors, before and after each."""
    async with ExpressionPool(size=1) as pool, egress.Client(egress.Guard(allow_loopback=True)) as client:
        manuscript, _ = await manuscripts.checked(folder, Expressions(pool))
        found = cases.read(folder, manuscript.document).tests
        looks = [msgspec.structs.replace(one, live=True) for one in found if one.trigger]
        trial = Trial(manuscript.document, Cases(tuple(looks)), Expressions(pool), client)
        cursors = [(one.cursor, one.expect.news.cursor) for one in looks if one.expect.news is not None]
        return (await trial.live(Live(address, {"token": Secret("test-token")})))[1:], cursors


def test_every_command_of_the_tutorial_works_as_it_is_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # Somebody may have the page's port.
    page = PAGE.read_text(encoding="utf-8").replace("--port 8099", "--port 0")
    others, address = [], ""
    try:
        for kind, block in BLOCK.findall(page):
            for command in commands(block):
                if kind == "another-terminal":
                    words = [sys.executable, "-m", "services.cli.main", *shlex.split(command)[1:]]
                    other = subprocess.Popen(
                        words, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT), "PATH": "/bin"}
                    )
                    others.append(other)
                    assert other.stdout is not None
                    address = other.stdout.readline().strip()
                    continue
                if command.startswith("export "):
                    name, _, value = command.removeprefix("export ").partition("=")
                    monkeypatch.setenv(name, value.replace("$PWD", str(tmp_path)))
                    continue
                code = run(command.replace("http://127.0.0.1:8099", address))
                assert code == (1 if kind == "exits-1" else 0), command
        verdicts, cursors = asyncio.run(watched(tmp_path / "sample-shop" / "1.0.0", address))
    finally:
        for other in others:
            other.terminate()
            other.communicate(timeout=PATIENCE)
    assert others
    # A connection that begins without a cursor finds an answer at each look, for ever.
    assert [one.wrong for one in verdicts] == [[]] * 3, verdicts
    (first, cursor), (second, following), last = cursors
    assert (first, second, last) == (None, cursor, (following, following))
    assert len(list(tmp_path.rglob("*.yaml"))) == 2 + 2 + 1, "what was written, what was installed, and the workflow"
