"""A template of a partner's own, from its first file to two people's decisions and its own exception, by pasting."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec

from tests.house.tree import ROOT
from tests.services.cli.test_ten_minutes_page import Shell, handed_over, shell

__all__ = ["shell"]
WRITING: Final = ROOT / "docs/partner/writing-templates.md"
PAGE: Final = ROOT / "docs/partner/own-template-at-a-client.md"
BLOCK: Final = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AT: Final = "--client own-parts --environment test"


def blocks(page: Path) -> list[str]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def test_a_partners_own_template_is_decided_by_two_people_and_has_its_own_exception(shell: Shell) -> None:
    handed_over(shell)
    state = msgspec.json.decode((shell.home / "run/state.json").read_bytes())
    port = state["api_url"].rpartition(":")[2]
    pasted = "".join([*blocks(WRITING), *blocks(PAGE)]).replace(":8420", f":{port}")
    done = shell.paste(pasted)
    told = done.stdout
    assert done.returncode == 0, told + done.stderr
    assert "credit-release@1.0.0: 5 passed, 0 failed" in told
    given = 'export WAYBILL_API_KEY="$(cat harbor.key)"\n'
    runs = {one["business_key"]: one for one in shell.answer(f"{given}waybill run list {AT}")}
    # Given up with its exception: a run that has ended stays what it was.
    assert {key: one["state"] for key, one in runs.items()} == {"PO-900": "completed", "PO-404": "faulted"}
    assert {one["workflow"]["name"] for one in runs.values()} == {"credit-release"}
    own = "--client own-parts --environment test --action task.completed"
    decided = shell.answer(f"{given}waybill audit list {own}")
    assert len({one["actor"] for one in decided}) == len(decided) == 2, decided
    (found,) = shell.answer(f"{given}waybill exception list {AT} --state discarded")
    shown = shell.answer(f"{given}waybill exception show {found['id']} {AT}")
    assert (shown["kind"], shown["owner"], shown["category"]) == ("customer-unknown", "role:credit-clerk", "failed")
    assert shown["runbook"] == (shell.folder / "credit-release/1.0.0/runbooks/customer-unknown.md").read_text()
    assert shown["reason"] == "the order was a mistake"
    assert shown["breach_at"] is not None
