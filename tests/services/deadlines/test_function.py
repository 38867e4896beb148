"""`calendar:1.0.0@default`: what workflows ask a calendar, and what they are told when it cannot answer."""

from __future__ import annotations

from typing import Any

import pytest

from infra import ids
from services.deadlines.function import NAME, CalendarFunction
from services.engine.functions import Answer, Call, Done, Failed
from template_library.dsl import parse
from tenants.deployments import business_time, publishing
from tenants.deployments.errors import InvalidDocument
from tests.services.deadlines.desk import Desk
from tests.tenants.calendars.examples import WEEK


async def ask(desk: Desk, **arguments: Any) -> Answer:
    call = Call(function=NAME, arguments=arguments, reference="/do/0/ask", key="k", tenant=desk.tenant, run=ids.new())
    return await CalendarFunction(desk.worker)(call)


async def said(desk: Desk, **arguments: Any) -> Any:
    answer = await ask(desk, **arguments)
    assert isinstance(answer, Done), answer
    assert answer.usage == "", "nothing goes out"
    return answer.output


async def test_it_counts_by_the_calendar_that_is_named_or_the_default(desk: Desk) -> None:
    cut_offs = [{"name": "release", "at": "16:30"}]
    await desk.save(time_zone="Europe/Berlin", week=WEEK, cut_offs=cut_offs, default=True)
    found = await said(desk, do="after", **{"from": "2026-11-27T16:30:00+01:00"}, duration="PT1H")
    which = {"calendar": "always", "version": 2}
    assert found == {
        "at": "2026-11-30T07:30:00+00:00", "local": "2026-11-30T08:30:00+01:00", "wait": found["wait"], **which,
    }  # fmt: skip
    length = await said(desk, do="between", calendar="always", **{"from": "2026-11-27T16:30:00Z"}, to=found["at"])
    assert length == {"duration": "PT30M", "milliseconds": 1_800_000, **which}
    over = await said(desk, do="cut-off", site="reno", cut_off="release", **{"from": "2020-01-01T00:00:00Z"})
    assert (over["local"], over["wait"]) == ("2020-01-01T16:30:00+01:00", "PT0S")
    later = await said(desk, do="after", duration={"hours": 800})
    assert later["wait"].startswith("PT")
    assert later["wait"] != "PT0S"


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"do": "after", "calendar": "nobody's\x00", "duration": "PT1H"}, "configuration", "no such calendar"),
        ({"do": "after", "site": "reno", "duration": "PT1H"}, "configuration", "for the site `reno`"),
        ({"do": "after", "calendar": "always", "duration": "P1Y"}, "validation", "years and months"),
        (
            {"do": "after", "calendar": "always", "duration": "PT1H", "from": "2026-11-27T16:30:00"},
            "validation",
            "zone",
        ),
        (
            {"do": "after", "calendar": "always", "duration": "PT1H", "from": "9999-12-31T23:59:59Z"},
            "validation",
            "ten",
        ),
        ({"do": "between", "calendar": "always", "to": None}, "validation", "`to` is missing"),
        ({"do": "cut-off", "calendar": "always", "cut_off": "pick"}, "validation", "no cut-off `pick`"),
        ({"do": "before", "calendar": "always"}, "validation", "before"),
    ],
)
async def test_what_it_cannot_answer_is_the_tasks_error(
    desk: Desk, arguments: dict[str, Any], kind: str, words: str
) -> None:
    answer = await ask(desk, **arguments)
    assert isinstance(answer, Failed)
    assert (answer.error.type.rpartition("/")[2], answer.sent, words in answer.error.detail) == (kind, False, True), (
        answer
    )


DOCUMENT = """\
document: {dsl: 1.0.3, namespace: acme, name: waiting, version: 1.0.0}
do:
  - when: {call: '%s', with: %s}
  - rest: {wait: '${ .wait }'}
"""


@pytest.mark.parametrize(
    ("name", "given", "found"),
    [
        (NAME, "{do: after, site: '${ .site }', duration: PT4H}", []),
        (NAME, "{do: between, from: '${ .a }', to: '${ .b }'}", []),
        (NAME, "{do: cut-off, cut_off: release}", []),
        (NAME, "{do: '${ .do }', duration: PT4H}", ["/do/0/when/with/do"]),
        (NAME, "{do: after}", ["/do/0/when/with"]),
        (NAME, "{do: after, duration: PT4H, cut_off: x}", ["/do/0/when/with/cut_off"]),
        (NAME, "{duration: PT4H}", ["/do/0/when/with/do"]),
        ("calendar:2.0.0@default", "{do: after, duration: PT4H}", ["/do/0/when/call"]),
    ],
)
def test_S_38_what_a_document_asks_is_checked_as_it_is_published(name: str, given: str, found: list[str]) -> None:
    text = DOCUMENT % (name, given)
    assert [one.pointer for one in business_time.mistakes(parse(text))] == found
    if found:
        with pytest.raises(InvalidDocument):
            publishing.read(text)
    else:
        publishing.read(text)
