"""The operator's program looks into files; real programs here, that answer as scanners do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infra.objects.scanning import Scanner
from tests.infra.objects.store_contract import parts

# The test file of anti-virus makers, in two halves: whole, this very file might be taken for it.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + rb"ANTIVIRUS-TEST-FILE!$H+H*"
LOOKER = "import sys; sys.exit(b'EICAR-STANDARD' in sys.stdin.buffer.read())"


@pytest.fixture
def scanner(tmp_path: Path) -> Scanner:
    script = tmp_path / "look.py"
    script.write_text(LOOKER)
    return Scanner(f"{sys.executable} -I {script}", 20)


async def test_its_exit_code_is_the_verdict(scanner: Scanner) -> None:
    assert await scanner.look(parts(b"harmless" * 100_000)) == "clean"
    assert await scanner.look(parts(b"x" * 300_000 + EICAR)) == "infected"


@pytest.mark.parametrize(
    "command", ["/nowhere/scanner -", "false-is-not-here", f"{sys.executable} -c 'raise SystemExit(2)'"]
)
async def test_a_program_that_did_not_look_says_nothing_of_the_file(command: str) -> None:
    assert await Scanner(command, 20).look(parts(EICAR)) == "unscanned"


async def test_one_that_does_not_come_to_an_end_is_ended() -> None:
    assert await Scanner(f"{sys.executable} -c 'import time; time.sleep(60)'", 0.5).look(parts(b"x")) == "unscanned"


async def test_one_that_has_seen_enough_may_close_its_end() -> None:
    early = f"{sys.executable} -c 'import sys; sys.stdin.buffer.read(10); sys.exit(1)'"
    assert await Scanner(early, 20).look(parts(b"x" * 5_000_000)) == "infected"
    sure = f"{sys.executable} -c 'import sys; sys.stdin.buffer.read(10); sys.exit(0)'"
    assert await Scanner(sure, 20).look(parts(b"x" * 5_000_000)) == "unscanned", "it says clean of what it never saw"


async def test_S_72_it_gets_none_of_our_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_DATABASE_URL", "postgresql://secret")
    looks = 'import os, sys; sys.stdin.read(); sys.exit(any(n.startswith("WAYBILL") for n in os.environ))'
    told = f"{sys.executable} -c '{looks}'"
    assert await Scanner(told, 20).look(parts(b"x")) == "clean"
