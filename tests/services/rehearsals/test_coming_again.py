"""What starts a scenario comes again under another id, later and with other data, to what the first run sold."""

from __future__ import annotations

from pathlib import Path

import pytest

from template_library.scenarios import MalformedScenario
from tests.services.rehearsals.test_rehearsing import HEAD, rehearse

SELLS = (
    HEAD
    + """
schedule: {on: {one: {with: {type: order.captured}}}}
input: {from: '${ .[0].data }'}
do:
  - claim:
      call: holds:1.0.0@default
      with: {do: claim, order: PO-1, customer: C-1, content: '${ .lines }', within_days: 3}
  - ours:
      switch:
        - theirs: {when: .claimed | not, then: end}
        - ours: {then: note}
  - note: {call: holds:1.0.0@default, with: {do: sold, order: PO-1, customer: C-1, sale: S-1}}
"""
)


@pytest.mark.parametrize(
    ("again", "second"),
    [
        ("{after: P2D}", "{claimed: false, earlier: {status: sold, sale: S-1, same: true}}"),
        ("{data: {lines: [2]}}", "{claimed: false, earlier: {status: sold, same: false}}"),
        ("{after: P3D, data: {lines: [2]}}", "{order: PO-1, sale: S-1}"),
    ],
)
def test_a_start_comes_again_later_and_otherwise(tmp_path: Path, again: str, second: str) -> None:
    scenario = f"""
twice: resent
again: {again}
restarts: true
data: {{number: PO-1, lines: [1]}}
expect: {{status: completed, output: {{sale: S-1}}, second: {{status: completed, output: {second}}}}}
"""
    assert rehearse(tmp_path, SELLS, scenario).wrong == []


@pytest.mark.parametrize("how", ["", "twice: true\n"])
def test_how_a_start_comes_again_is_said_of_one_that_does(tmp_path: Path, how: str) -> None:
    scenario = f"{how}again: {{after: P1D}}\ndata: {{lines: []}}\nexpect: {{status: completed}}\n"
    with pytest.raises(MalformedScenario, match="`twice: resent`"):
        rehearse(tmp_path, SELLS, scenario)
