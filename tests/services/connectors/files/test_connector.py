"""The connector of files: what is written is there once, whatever breaks; each mistake says which setting to change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from infra import egress
from services.connectors.sdk.connector import Absent
from services.connectors.simulators.faults import Chance, Faults
from services.engine.expressions.evaluator import Expressions
from services.engine.functions import Done, Failed, Later, Unknown
from tests.services.connectors.files.served import PASSWORD, served

ROWS: dict[str, Any] = {"folder": "out", "layout": "orders", "rows": [{"order": "PO-1", "quantity": "2"}]}


async def test_F_03_a_file_is_there_once_whatever_breaks(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with served(tmp_path, client, evaluator) as found:
        found.server.chance = Chance(Faults(next=["cut-after-accept"]))
        lost = await found.caller.call("files.write", ROWS, "key-1")
        assert isinstance(lost, Later)
        assert lost.uncertain
        found.server.chance = Chance(Faults(next=["cut"]))
        outputs = []
        for key in ("key-1", "key-2", "key-2"):
            answer = await found.caller.through("files.write", ROWS, key)
            assert isinstance(answer, Done), answer
            outputs.append(answer.output["name"])
        whole = {name: text for name, text in found.files("out").items() if name in outputs}
        assert whole.keys() == set(outputs)
        assert list(whole.values()) == ["order,quantity\nPO-1,2\n"] * 2
        assert found.files("out").keys() == whole.keys(), "what was broken off is cleared by who comes after it"


async def test_a_file_of_the_name_with_other_content_is_a_person_s_question(
    tmp_path: Path, client: egress.Client, evaluator: Expressions, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(tmp_path, client, evaluator) as found:
        name = (await found.caller.done("files.write", ROWS, "key-1"))["name"]
        (found.root / "out" / name).write_text("order,quantity\nPO-9,9\n")

        async def absent(*_given: Any) -> Absent:
            return Absent()

        # As if the look had come before the other attempt.
        monkeypatch.setattr(found.caller.connector, "read_back", absent)
        answer = await found.caller.call("files.write", ROWS, "key-1")
        assert isinstance(answer, Unknown)
        assert "other content" in answer.error.detail
        assert list(found.files("out")) == [name]


@pytest.mark.parametrize(
    ("settings", "secrets", "says"),
    [
        ({"host_keys": ["SHA256:" + "A" * 43]}, {}, "change the setting `host_keys`"),
        ({"user": "nobody"}, {}, "Look at the setting `user`"),
        ({}, {"password": "wrong-password"}, "the secrets `password`"),
        ({}, {"private_key": "no key at all"}, "Look at the secret `private_key`"),
        ({"base_url": "https://files.example.com"}, {}, "The setting `base_url` is no address"),
    ],
)
async def test_each_mistake_says_what_to_change_and_no_secret(
    tmp_path: Path,
    client: egress.Client,
    evaluator: Expressions,
    settings: dict[str, Any],
    secrets: dict[str, str],
    says: str,
) -> None:
    async with served(tmp_path, client, evaluator) as found:
        found.caller.change(secrets=secrets, **settings)
        answer = await found.caller.call("files.list", {})
    assert isinstance(answer, Failed), answer
    assert says in answer.error.detail
    assert PASSWORD not in answer.error.detail


async def test_a_trigger_s_own_operation_is_no_workflow_s(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with served(tmp_path, client, evaluator) as found:
        answer = await found.caller.call("files.take", {"trigger": "inbox"})
    assert isinstance(answer, Failed)
    assert "offers no operation" in answer.error.detail


async def test_S_56_no_name_leads_out_of_the_connection_s_folder(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with served(tmp_path, client, evaluator) as found:
        for values in (
            {"name": "../x"},
            {"folder": "in/../..", "name": "x"},
            {"name": "a\u0000b"},
            {"name": "ä" * 200},
        ):
            answer = await found.caller.call("files.read", values)
            assert isinstance(answer, Failed), values
            assert answer.error.type.endswith("/validation")


async def test_a_name_that_cannot_be_shown_keeps_no_other_from_being_listed(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with served(tmp_path, client, evaluator) as found:
        for name in ("ä.csv", os.fsdecode(b"caf\xe9.csv"), "new\nline.csv"):
            (found.root / "out" / name).touch()
        assert [one["name"] for one in (await found.caller.done("files.list", {"folder": "out"}))["files"]] == ["ä.csv"]
