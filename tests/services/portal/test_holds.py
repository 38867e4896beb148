"""A person clears what asks for a decision, as far as the authority lets; who acts for the client does not."""

from __future__ import annotations

from typing import Any

from infra import ids
from services.portal.app import Front
from tests.services.holds.holding import Judging
from tests.services.portal.visitors import APPROVER, BUYER, House

CREDIT = {"order": "SO-1", "customer": "C-1", "type": "credit", "reason": "limit-exceeded"}
DECISION = {"why": "they paid", "seen": 1}


async def test_S_01_a_person_clears_a_credit_hold_as_the_authority_says_and_nobody_of_another_client(
    house: House, front: Front
) -> None:
    clerk, approver = await house.north.signed_in(), await house.north.signed_in(APPROVER)
    stranger = await house.south.signed_in(BUYER)
    raised = await clerk.send("POST", "/v1/holds", CREDIT)
    assert raised.status == 200, raised.body
    path = f"/v1/holds/{raised.json['hold']['id']}"
    unset = await clerk.send("POST", f"{path}/clear", DECISION)
    assert (unset.status, unset.problem) == (403, "hold-not-yours")
    judge = Judging("refused", "more", "allowed")
    edge: Any = front.api
    edge.app.state.resources.judge = judge
    assert (await clerk.send("POST", f"{path}/clear", DECISION)).json["detail"] == "as told"
    assert (await stranger.send("POST", f"{path}/clear", DECISION)).status == 404
    agreed = await clerk.send("POST", f"{path}/clear", DECISION)
    who = f"account:{ids.show('acc', house.ids['clerk@acme.example at north'])}"
    assert (agreed.json["status"], agreed.json["agreed"]) == ("active", [who])
    cleared = await approver.send("POST", f"{path}/clear", {**DECISION, "seen": 2})
    assert cleared.json["status"] == "cleared"
    assert [one.by for one in judge.asked[-1].given] == [who]
    assert judge.asked[-1].raisers == (who,)
