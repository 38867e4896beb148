"""`waybill readiness` for people: what is missing and what helps, and of what is in order no more than it takes."""

from __future__ import annotations

from typing import Any

from services.cli.commands import readiness

PARAMETER: dict[str, Any] = {"name": "days", "standing": "green", "do": None}
ROLE: dict[str, Any] = {"role": "dock", "process_owner": False, "standing": "green", "people": 2, "do": None}
ENTRY: dict[str, Any] = {
    "template": "shipping", "version": "1.0.0", "standing": "red", "deployments": [], "needs": [],
    "parameters": [
        PARAMETER,
        {**PARAMETER, "name": "warehouse", "standing": "red", "do": "Set warehouse for the client, or as you deploy."},
    ],
    "roles": [
        {**ROLE, "role": "lead", "process_owner": True, "people": 1},
        ROLE,
        {**ROLE, "role": "claims", "standing": "amber", "people": 0, "do": "Give somebody the role claims."},
    ],
}  # fmt: skip


def test_a_parameter_is_told_when_somebody_has_to_do_something_and_each_role_with_its_people() -> None:
    assert list(readiness.lines([ENTRY])) == [
        "red    shipping@1.0.0",
        "  red    parameter warehouse: Set warehouse for the client, or as you deploy.",
        "  green  role lead, process owner: 1 person",
        "  green  role dock: 2 people",
        "  amber  role claims: Give somebody the role claims.",
    ]
