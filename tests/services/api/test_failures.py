"""What a caller is told when something behind the API fails."""

from __future__ import annotations

import logging

import pytest

from infra.database import Database
from services.api.routes import problems
from tenants.organizations import service
from tests.asgi import Caller

INTERNAL = "postgresql://app:hunter2@db.internal/x"


async def test_an_unexpected_error_says_nothing_about_itself(
    operator: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError(INTERNAL)

    monkeypatch.setattr(service, "list_partners", fail)
    with caplog.at_level(logging.ERROR, "api"):
        answer = await operator.get("/v1/partners")
    assert (answer.status, answer.problem) == (500, "internal-error")
    assert "hunter2" not in answer.body.decode()
    assert "ZeroDivision" not in answer.body.decode()
    assert [record.__dict__["request_id"] for record in caplog.records] == [answer.json["request_id"]]


async def test_F_25_a_database_outage_is_503_with_retry_after(
    operator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ConnectionRefusedError(111, INTERNAL)

    monkeypatch.setattr(service, "list_partners", fail)
    answer = await operator.get("/v1/partners")
    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (503, "unavailable", "2")
    assert "hunter2" not in answer.body.decode()


async def test_F_25_an_outage_during_authentication_is_503_and_no_401(
    operator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Database) -> None:
        raise ConnectionRefusedError(111, INTERNAL)

    monkeypatch.setattr(Database, "doors", fail)
    assert (await operator.get("/v1/me")).status == 503


async def test_readiness_tells_an_outage_from_a_foreign_schema(nobody: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = await nobody.get("/health/ready")
    assert (ready.status, ready.json["database"], ready.json["doorbell"]) == (200, "up", "up")
    with monkeypatch.context() as patched:
        patched.setattr("infra.schema_version.NEWEST", "9999")
        outdated = await nobody.get("/health/ready")
    assert (outdated.status, outdated.json["database"]) == (503, "outdated")

    def fail(_: Database) -> None:
        raise ConnectionRefusedError(111, "refused")

    monkeypatch.setattr(Database, "doors", fail)
    down = await nobody.get("/health/ready")
    assert (down.status, down.json["database"]) == (503, "down")
    assert (await nobody.get("/health/live")).status == 200


async def test_F_10_readiness_does_without_a_doorbell(nobody: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_: object) -> bool:
        return False

    monkeypatch.setattr("infra.redis.Doorbell.is_up", away)
    ready = await nobody.get("/health/ready")
    assert (ready.status, ready.json["doorbell"]) == (200, "down")


async def test_every_problem_type_is_explained_to_programs_and_people(nobody: Caller) -> None:
    for name, kind in problems.known().items():
        answer = await nobody.get(f"/problems/{name}")
        assert answer.json == {
            "type": f"/problems/{name}", "title": kind.title, "status": kind.status, "meaning": kind.meaning,
        }  # fmt: skip
        assert kind.meaning
        assert "waybill" not in kind.meaning.lower()
        page = await nobody.get(f"/problems/{name}", headers={"accept": "text/html,*/*"})
        assert page.headers["content-type"].startswith("text/html")
        assert kind.title.split("'")[0] in page.body.decode()
    assert (await nobody.get("/problems/unheard-of")).status == 404
