"""A route that will go says so with each answer (RFC 9745, RFC 8594), whoever asks and whatever becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec
import pytest

from services.api import openapi
from services.api.deprecations import DEPRECATED, Deprecation
from services.api.policy import POLICY
from services.api.routes import HANDLERS
from tests.services.api.parties import Parties

SINCE = datetime(2027, 1, 1, tzinfo=UTC)
SUNSET = datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)
GOING = Deprecation(since=SINCE, sunset=SUNSET, successor="/v2/runs")


async def test_each_answer_of_the_route_says_so_and_of_no_other(
    parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DEPRECATED, ("GET", "/v1/runs"), GOING)
    for caller, path, status in (
        (parties.acme, "/v1/runs", 200),
        (parties.north, "/v1/clients/acme/live/runs", 200),
        (parties.nobody, "/v1/runs", 401),
        (parties.operator, "/v1/runs", 403),
        (parties.sibling, "/v1/clients/acme/live/runs", 404),
        (parties.acme, "/v1/runs?limit=no", 400),
    ):
        answer = await caller.get(path)
        assert answer.status == status
        assert answer.headers["deprecation"] == "@1798761600"
        assert parsedate_to_datetime(answer.headers["sunset"]) == SUNSET
        assert answer.headers["sunset"].endswith(" GMT")
        links = answer.headers["link"]
        assert 'rel="deprecation"' in links
        assert '</v2/runs>; rel="successor-version"' in links
    for path in ("/v1/events", "/v1/me"):
        other = await parties.acme.get(path)
        assert not {"deprecation", "sunset", "link"} & other.headers.keys()


def test_the_document_marks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DEPRECATED, ("GET", "/v1/runs"), GOING)
    paths = msgspec.json.decode(openapi.document(HANDLERS))["paths"]
    for path in ("/v1/runs", "/v1/clients/{client}/{environment}/runs"):
        assert paths[path]["get"]["deprecated"] is True
        assert "until 2027-12-31. Use `/v2/runs`." in paths[path]["get"]["description"]
    assert not paths["/v1/events"]["get"].get("deprecated")


def test_without_an_end_or_a_successor_less_is_said() -> None:
    assert [name for name, _ in Deprecation(since=SINCE).headers()] == [b"deprecation", b"link"]


def test_a_route_answers_for_half_a_year_and_its_times_say_their_zone() -> None:
    with pytest.raises(ValueError, match="180 days"):
        Deprecation(since=SINCE, sunset=SINCE + timedelta(days=179))
    with pytest.raises(ValueError, match="zone"):
        Deprecation(since=SINCE.replace(tzinfo=None))


def test_what_is_deprecated_is_a_route() -> None:
    assert DEPRECATED.keys() <= POLICY.keys()
