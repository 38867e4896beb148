"""What answers mean: by the manifest's rules, by their status, and in words that say which setting to change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from infra import clock
from services.connectors.simulators.http import Answered
from services.engine.functions import Done, Failed, Later
from tests.services.connectors.declared.conftest import Meet
from tests.services.connectors.declared.other import SECRET, manifest, operation, said

RULES = [
    {"status": 409, "when": '${ .code == "locked" }', "class": "retry", "message": "somebody works on it"},
    {"status": "4xx", "when": '${ .code == "credit" }', "class": "refuse", "message": "${ .why }", "change": "token"},
    {"when": '${ .errors[0].code == "expired" }', "class": "reconnect", "message": "the session is over"},
    {"status": [502, 520], "class": "uncertain"},
]


PAGE = Answered(200, b"<html>", media_type="text/html")
MISSED = Answered(404, b"<html>", media_type="text/html")
REFUSED, WAITS, UNCERTAIN = "refused", "waits", "uncertain"


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        (said({"code": "locked"}, 409), WAITS, "somebody works on it"),
        (
            said({"code": "credit", "why": "Over by 10"}, 422),
            REFUSED,
            "Over by 10. Look at the secret `token` of",
        ),
        (said({"code": "other"}, 409), REFUSED, "It answered with status 409"),
        (said({"errors": [{"code": "expired"}]}), REFUSED, "the session is over. Its credentials are refused"),
        (said({}, 502), UNCERTAIN, "it answered with status 502"),
        (said({}, 500), UNCERTAIN, "it answered with status 500"),
        (said({}, 429, Retry_After="7"), WAITS, "it answered with status 429"),
        (said({"message": f"no {SECRET}"}, 400), REFUSED, "no [redacted]"),
        (PAGE, UNCERTAIN, "is the setting `base_url` the address of its API?"),
        (MISSED, REFUSED, "Is the setting `base_url` the address of its API?"),
        (said({}, 301, Location="https://new.example.com/?key=1"), REFUSED, "at https://new.example.com: change"),
        (said({}, 302, Location="not a url"), REFUSED, "It is elsewhere: change the setting `base_url`"),
        (said({}, 401), REFUSED, "Its credentials are refused; look at the secret `token`"),
        (said({}, 403), REFUSED, "Give the account behind the connection the rights things.read, things.list"),
    ],
)
async def test_an_answer_is_what_the_rules_say_or_its_status(
    meet: Meet, answer: Answered, outcome: str, words: str
) -> None:
    part = operation(errors=RULES[:2], scopes=["things.read", "things.list"])
    _, desk = await meet(manifest(errors=RULES[2:], operations={"thing.read": part}), answer)
    found = await desk.call()
    assert isinstance(found, Failed | Later), found
    assert words in found.error.detail
    assert SECRET not in repr(found)
    if isinstance(found, Failed):
        assert (outcome, found.sent) == (REFUSED, True)
        return
    assert (outcome, found.sent) == (UNCERTAIN if found.uncertain else WAITS, True)
    assert found.seconds == (7 if "429" in words else None)


async def test_an_answer_may_be_instead_of_the_usual_one(meet: Meet) -> None:
    instead = [
        {"status": 404, "when": '${ .code == "unknown" }', "answer": {"found": False, "id": "${ $input.id }"}},
        {"status": 204, "answer": {"found": True, "id": '${ $headers["x-id"] }', "status": "${ $status }"}},
    ]
    part = operation(answer={"found": True, "id": "${ .id }"}, instead=instead)
    _, desk = await meet(
        manifest(operations={"thing.read": part}),
        said({"code": "unknown"}, 404),
        Answered(204, headers=(("X-Id", "7"),)),
        said({"id": "8"}),
        said({"code": "no route"}, 404),
    )
    assert await desk.call(values={"id": "9"}) == Done(output={"found": False, "id": "9"})
    assert await desk.call() == Done(output={"found": True, "id": "7", "status": 204})
    assert await desk.call() == Done(output={"found": True, "id": "8"})
    assert isinstance(await desk.call(), Failed), "another 404 is a wrong address, and no answer"


OUTPUT = {"type": "object", "properties": {"total": {"type": "integer"}}, "required": ["total"]}


@pytest.mark.parametrize("body", [{"total": "12.50"}, {"sum": 12}, [], "text", None])
async def test_a_changed_schema_is_told_with_its_place_and_is_no_output(meet: Meet, body: Any) -> None:
    part = operation(output=OUTPUT, answer={"total": "${ .total }"})
    _, desk = await meet(manifest(operations={"thing.read": part}), said(body))
    answer = await desk.call()
    assert isinstance(answer, Failed | Later)
    if isinstance(answer, Failed):
        assert answer.error.title == "The operation's output is not valid"
        assert "/total" in answer.error.detail
    else:
        assert isinstance(body, list | str), "jq is to say what is wrong, and does not run here"


@pytest.mark.parametrize(
    ("waits", "headers", "seconds"),
    [
        ({"header": "X-RateLimit-Reset"}, {"X_RateLimit_Reset": "12"}, 12),
        ({"header": "X-RateLimit-Reset", "unit": "milliseconds"}, {"X_RateLimit_Reset": "1500"}, 1.5),
        ({"header": "X-RateLimit-Reset", "unit": "epoch"}, {"X_RateLimit_Reset": "1767225660"}, 60),
        ({"header": "X-RateLimit-Reset", "unit": "epoch"}, {"X_RateLimit_Reset": "1"}, 0),
        ({"header": "X-RateLimit-Reset"}, {"X_RateLimit_Reset": "99999"}, 3600),
        ({"header": "X-RateLimit-Reset"}, {"X_RateLimit_Reset": "soon"}, None),
        ({"header": "X-RateLimit-Reset"}, {"X_RateLimit_Reset": "12", "Retry_After": "3"}, 3),
    ],
)
@pytest.mark.parametrize("body", [{}, {"code": "locked"}])
async def test_a_system_says_when_it_is_to_be_asked_again_in_a_header_of_its_own(
    meet: Meet, monkeypatch: pytest.MonkeyPatch, waits: Any, headers: dict[str, str], seconds: float | None, body: Any
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 1, 1, tzinfo=UTC))
    _, desk = await meet(manifest(waits=waits, errors=RULES[:1]), said(body, 429 if not body else 409, **headers))
    answer = await desk.call()
    assert isinstance(answer, Later)
    assert answer.seconds == seconds
