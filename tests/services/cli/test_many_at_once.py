"""Commands that do something to many say what they did, and do what was shown (ADR 0030, ADR 0032)."""

from __future__ import annotations

from typing import Any, cast

import pytest
from click.testing import CliRunner

from services.cli import migrating
from services.cli.client import Api
from services.cli.main import waybill


class Answers:
    """What the API says, one after the other; `asked` is what it was sent."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = list(answers), list[Any]()

    async def send(self, _method: str, _suffix: str, body: Any = None) -> Any:
        self.asked.append(body)
        return self.answers.pop(0)


def _told(**outcomes: str) -> dict[str, Any]:
    return {"runs": [{"id": name, "outcome": outcome} for name, outcome in outcomes.items()]}


async def test_a_run_that_was_moved_is_counted_as_moved_though_its_token_is_sent_again() -> None:
    api = Answers(
        {"refused": [], "token": "t", "next": None},
        _told(a="migrated", b="left", c="changed"),
        _told(a="already", b="left", c="changed"),
        _told(a="already", b="migrated", c="changed"),
    )
    done = await migrating.move(cast("Api", api), "/deployments/d/migrations", {})
    assert done == {"outcomes": {"migrated": 2, "changed": 1}, "refused": {}}
    assert api.asked[1:] == [{"token": "t"}] * 3


SEEN = {
    "count": 2,
    "covered": 2,
    "exceptions": [{"id": "exc_1", "category": "failed", "business_key": "SO-1", "cause": "x:own"}],
    "token": "t",
}
PREVIEW = {"preview": True, "filter": {}, "action": "retry"}


@pytest.fixture
def retry(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`waybill exception retry …` with these answers: the command's end, and what the API was sent."""
    monkeypatch.setenv("WAYBILL_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WAYBILL_API_KEY", "pk_" + "0" * 40)

    def run(*words: str) -> Any:
        api = Answers(SEEN, {"done": [{"id": "exc_1", "outcome": "retried"}]})
        monkeypatch.setattr(Api, "send", lambda _self, *sent: api.send(*sent))
        return CliRunner().invoke(waybill, ["exception", "retry", *words]), api.asked

    return run


def test_exceptions_are_retried_as_they_were_shown(retry: Any) -> None:
    seen, asked = retry("--category", "failed")
    assert (seen.exit_code, asked) == (0, [{**PREVIEW, "filter": {"category": "failed"}}])
    done, asked = retry("--token", "t")
    assert (done.exit_code, asked) == (0, [{"token": "t"}])
    done, asked = retry("--all", "--yes")
    assert (done.exit_code, asked) == (0, [PREVIEW, {"token": "t"}])
    assert done.stderr.splitlines() == [
        "2 found; 2 are done now, the oldest first:",
        "  exc_1  failed  SO-1  x:own",
        "  and 1 more",
    ]


@pytest.mark.parametrize(
    "words", [[], ["--yes"], ["--token", "t", "--yes"], ["--token", "t", "--all"], ["exc_1", "--all"]], ids=str
)
def test_nothing_is_retried_that_nobody_named(retry: Any, words: list[str]) -> None:
    refused, asked = retry(*words)
    assert (refused.exit_code, asked) == (2, [])
    assert "--all" in refused.output
