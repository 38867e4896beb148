"""A terminal is shown what somebody named a thing, and does not do what it says (S-103)."""

from __future__ import annotations

import pytest

from services.cli.client import Account
from services.cli.options import Terminal
from services.cli.printable import printable


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Ärger & Söhne GmbH, 東京", "Ärger & Söhne GmbH, 東京"),
        ("\x1b[2J\x1b[31mred", "\\x1b[2J\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\rb\nc\td\x00", "a\\rb\\nc\\td\\x00"),
        ("safe\u202egpj.exe", "safe\\u202egpj.exe"),
    ],
)
def test_S_103_what_would_steer_a_terminal_is_spelled_out(given: str, shown: str) -> None:
    assert printable(given) == shown


def test_S_103_tables_and_single_things_are_printed_so(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(Account(url="http://127.0.0.1:9", key="k"), as_json=False)
    thing = {"name": "\x1b[31mred", "errors": [{"detail": "\x1b]8;;http://x\x07"}]}
    terminal.table([thing], "name", "errors")
    terminal.show(thing)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b[31mred" in out
