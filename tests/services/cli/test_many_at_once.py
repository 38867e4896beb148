"""Commands that do something to many say what they did, and do what was shown (ADR 0030, ADR 0032)."""

from __future__ import annotations

from typing import Any, cast

import msgspec
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
    assert done.stderr.splitlines()[::3] == ["2 found; 2 at once, the oldest first:", "and 1 more"]
    assert done.stderr.splitlines()[2].split() == ["failed", "SO-1", "x:own", "exc_1"]
    assert [line.split() for line in done.stdout.splitlines()] == [["outcome", "id"], ["retried", "exc_1"]]


def test_a_preview_is_a_table_and_then_its_token(retry: Any) -> None:
    """Somebody is to read it before a token is sent for live orders."""
    seen, _ = retry("--category", "failed")
    head, names, one, more, blank, note, token = seen.stdout.splitlines()
    assert (head, more, blank, token) == ("2 found; 2 at once, the oldest first:", "and 1 more", "", "--token t")
    assert names.split()[::7] == ["category", "id"]
    assert (one.split(), "Nothing is done yet" in note) == (["failed", "SO-1", "x:own", "exc_1"], True)
    raw, _ = retry("--category", "failed", "--json")
    assert msgspec.json.decode(raw.stdout) == SEEN


@pytest.mark.parametrize(
    "words", [[], ["--yes"], ["--token", "t", "--yes"], ["--token", "t", "--all"], ["exc_1", "--all"]], ids=str
)
def test_nothing_is_retried_that_nobody_named(retry: Any, words: list[str]) -> None:
    refused, asked = retry(*words)
    assert (refused.exit_code, asked) == (2, [])
    assert "--all" in refused.output


def test_runs_are_redriven_by_the_time_at_which_they_faulted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WAYBILL_API_KEY", "pk_" + "0" * 40)
    api = Answers({"count": 0, "covered": 0, "runs": [], "token": None})
    monkeypatch.setattr(Api, "send", lambda _self, *sent: api.send(*sent))
    words = ["--since", "2026-12-01T00:00:00Z", "--until", "2026-12-02T00:00:00Z"]
    shown = CliRunner().invoke(waybill, ["run", "redrive", *words])
    assert (shown.exit_code, shown.stdout) == (0, "None is found.\n")
    since, until = words[1::2]
    assert api.asked == [{"preview": True, "filter": {"state": "faulted", "since": since, "until": until}}]
    assert CliRunner().invoke(waybill, ["run", "redrive", "--token", "t", *words]).exit_code == 2


def test_runs_are_listed_with_what_they_are_sorted_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WAYBILL_API_KEY", "pk_" + "0" * 40)
    asked = list[dict[str, Any]]()
    run = {"id": "run_1", "state": "waiting", "business_key": "SO-1", "value": {"amount": 7, "currency": "USD"}}

    async def get(_self: Api, _suffix: str, **query: Any) -> Any:
        asked.append({name: value for name, value in query.items() if value is not None})
        return {"items": [run]}

    monkeypatch.setattr(Api, "get", get)
    words = ["--sort", "value", "--currency", "USD", "--least-value", "5", "--deadline-before", "2026-12-02T00:00:00Z"]
    shown = CliRunner().invoke(waybill, ["run", "list", *words])
    assert shown.stdout.splitlines()[0].split()[:4] == ["state", "business_key", "value.amount", "value.currency"]
    plain = CliRunner().invoke(waybill, ["run", "list"])
    assert "value.amount" not in plain.stdout
    assert asked == [
        {"sort": "value", "currency": "USD", "least_value": 5, "deadline_before": words[-1], "limit": 50},
        {"sort": "newest", "limit": 50},
    ]
