"""The released customer-onboarding with a real Tryton for its ERP; the other systems are simulated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.connectors.builtin.tryton.opening import code_of
from services.connectors.builtin.tryton.session import Rpc, Sessions
from services.connectors.sdk.context import Context
from template_library import catalog
from tests.counterparts.tryton.conftest import TENANT, Erp
from tests.counterparts.tryton.played import Told, played

pytestmark = [pytest.mark.tryton]
NAME = "customer-onboarding"
_FIELDS = ["name", "credit_limit_amount", "customer_payment_term.name"]


async def parties(erp: Erp, *domain: Any) -> list[dict[str, Any]]:
    rpc = Rpc(Context(erp.client, TENANT, erp.connection(erp._port), "k"), Sessions())
    found: list[dict[str, Any]] = await rpc.model("party.party.search_read", [*domain], 0, None, None, _FIELDS)
    return found


async def onboarded(erp: Erp, scenario: str, tmp_path: Path, **parameters: Any) -> Told:
    return await played(catalog.builtin().find(NAME), scenario, erp, tmp_path, parameters)


async def test_a_complete_application_is_an_account_in_the_erp_with_its_terms(erp: Erp, tmp_path: Path) -> None:
    told = await onboarded(erp, "01-opened", tmp_path, terms_default="Direct")
    assert told.report.status == "completed", told.report.error
    assert told.report.output["customer"] == code_of("A-4")
    (party,) = await parties(erp, ["code", "=", code_of("A-4")])
    assert (party["name"], int(party["credit_limit_amount"])) == ("North Dock Supply", 4000)
    assert party["customer_payment_term."]["name"] == "Direct"
    assert [one["type"] for one in told.report.emitted] == ["customer.created"]


async def test_a_probable_duplicate_is_somebody_s_decision_before_anything_is_written(erp: Erp, tmp_path: Path) -> None:
    before = len(await parties(erp))
    told = await onboarded(erp, "04-duplicate-same", tmp_path)
    assert told.report.output == {
        "created": False, "customer": "ACME-001", "applicant": "A-10", "why": "same-customer",
    }  # fmt: skip
    (task,) = told.tasks
    assert (task["task"], task["role"], task["shown"]["candidates"][0]["number"]) == (
        "probable-duplicate", "data-steward", "ACME-001",
    )  # fmt: skip
    assert len(await parties(erp)) == before
