"""What tenants share (sums, lists, names, caches, files, logs) holds nothing of another's: S-03, S-15 to S-18."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra import ids
from services.api.policy import POLICY, PREFIX
from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties, first_key, holding_all
from tests.services.api.test_foreign_ids import rows as rows  # noqa: PLC0414 (a fixture)
from tests.services.api.test_openapi import fields_of, operations
from tests.services.api.things import CANARY, ORDER, Things
from tests.services.api.unpacked import text_of, values_of
from tests.services.archives.olden import Olden

LISTS = [path for method, path in POLICY if method == "GET" and path.startswith(PREFIX) and path.count("{") == 2]
OWN = [path for (method, path), rule in POLICY.items() if method == "GET" and not rule.is_public and "{" not in path]
"""What whoever asks is shown of itself and of what is below it: keys, people, clients, and its own tenant's lists."""
TYPED = re.compile(r"[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}")
ENDLESS = "/runs/changes"
FORM = {"content-type": "application/cloudevents+json"}


def _inside(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value of an answer with the name of its member."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _inside(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from _inside(one, name)
    else:
        yield name, value


async def test_S_03_no_list_sum_or_count_knows_of_anothers_things(parties: Parties, things: Things) -> None:
    assert len(LISTS) >= 29
    assert len(OWN) >= 56
    everybody = await holding_all(parties)
    told = {value for value in (*things.values.values(), parties.ids["acme:live"]) if TYPED.fullmatch(value)}
    told |= {str(ids.read(value.partition("_")[0], value)) for value in told}  # as files hold them
    seen = 0
    for path in (*LISTS, *OWN):
        own = await everybody.acme.get(path.format(client="acme", environment="live")) if ENDLESS not in path else None
        seen += own is not None and any(one in text_of(own) for one in told)
        for caller, client, environment in (
            (everybody.sibling, "sibling", "live"),
            (everybody.acme_test, "acme", "test"),
            (everybody.foreign, "foreign", "live"),
            (everybody.south, "foreign", "live"),
        ):
            answer = await caller.get(path.format(client=client, environment=environment))
            body = text_of(answer)
            assert CANARY not in body, path
            assert not [one for one in told if one in body], path
            if answer.status != 200 or ENDLESS in path:
                continue
            for name, value in _inside(values_of(answer)):
                # Whatever is counted of nothing is none.
                counted = name in {"count", "runs", "total", "used", "quantity", "bytes", "waiting", "amount"}
                assert not (counted and isinstance(value, int) and value), (path, name, value)
    assert seen > 20  # the owner's lists do know


@pytest.mark.usefixtures("things")
async def test_S_15_ids_are_typed_and_random_and_nothing_counts_what_there_is_in_all(parties: Parties) -> None:
    found = 0
    for path in LISTS:
        if ENDLESS in path:
            continue
        answer = await parties.acme.get(path.format(client="acme", environment="live"))
        for name, value in _inside(values_of(answer)):
            if name == "id" and isinstance(value, str):
                others = ("/audit", "/exceptions/summary", "/export", "/mappings")  # ids of their senders, among others
                assert TYPED.fullmatch(value) or path.endswith(others), (path, value)
                found += 1
            if name in {"sequence", "serial", "row", "number_of_all", "total_count"}:
                assert value is None or TYPED.fullmatch(str(value)), path
    assert found > 5
    made = [ids.new().int & (2**62 - 1) for _ in range(100)]
    assert len({one >> 40 for one in made}) == 100  # of two own ids nobody learns what lies between them


HOSTILE = (
    "'; SELECT set_config('app.tenant_id', '{foreign}', false); --",
    "' OR '1'='1",
    "x') ; DROP TABLE app.connection CASCADE; --",
    "$$;COMMIT;$$",
    "%' UNION SELECT secret_hash FROM app.api_key --",
)


async def test_S_16_statements_in_any_text_are_text(parties: Parties, things: Things, rows: Any) -> None:
    """Every text of every query and body, with statements in it: no error of ours, and not one row elsewhere."""
    foreign = await make_own(parties.foreign)
    before = await rows()
    hostile = [one.replace("{foreign}", str(ids.read("ten", parties.ids["foreign:live"]))) for one in HOSTILE]
    for number, (method, path, operation) in enumerate(operations()):
        if path.startswith("/v1/clients/{client}/{env") or ENDLESS in path or "disable" in path or "revoke" in path:
            continue
        text = hostile[number % len(hostile)]
        target = things.path(path)
        names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
        for name in names:
            answer = await parties.sibling.get(f"{target}?{name}={_escaped(text)}") if method == "GET" else None
            assert answer is None or answer.status < 500, (path, name, answer.body)
        if method != "GET":
            for body in _bodies(operation, text):
                answer = await parties.sibling.send(method, target, body)
                assert answer.status < 500, (method, path, body, answer.body)
    after = await rows()
    for table in ("partner", "client", "tenant", "portal_host", "account"):
        assert after[table] == before[table], table
    assert (await parties.foreign.get(f"/v1/connections/{foreign}")).status == 200
    assert [one["id"] for one in (await parties.foreign.get("/v1/connections")).json["items"]] == [foreign]


async def make_own(caller: Caller) -> str:
    settings = {"base_url": "http://127.0.0.1:9", "allow_http": True}
    body = {"name": "own", "connector": "erp-simulator", "settings": settings, "secrets": {"token": "t" * 12}}
    made: str = (await caller.post("/v1/connections", body)).json["id"]
    return made


def _escaped(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def _bodies(operation: dict[str, Any], text: str) -> list[dict[str, Any]]:
    """One body for each of its members, in which that one is hostile; and one in which all are."""
    fields = fields_of(operation)
    return [*({name: text} for name in fields), dict.fromkeys(fields, text)] if fields else [{}]


async def test_S_17_the_same_names_with_two_partners_are_two_things_in_every_cache(parties: Parties) -> None:
    """Two partners, each with a client `twin`; caches are warm, and asked in turns."""
    callers = []
    for slug, partner in (("north", parties.north), ("south", parties.south)):
        await partner.post("/v1/clients", {"slug": "twin", "name": "Twin"})
        key = await first_key(partner, f"{slug}/twin/live")
        callers.append((partner, partner.having(key)))
    made = [await make_own(caller) for _, caller in callers]
    schema = {"type": "object", "required": ["left"]}
    await callers[0][1].post("/v1/event-schemas", {"type": "parcel.weighed", "schema": schema})
    event = {**ORDER, "id": "twin", "type": "parcel.weighed", "data": {}}
    for _ in range(3):
        for (partner, client), own in zip(callers, made, strict=True):
            for answer in (
                await partner.get("/v1/clients/twin/live/connections"),
                await client.get("/v1/connections"),
                await client.get("/v1/clients/twin/live/connections"),
            ):
                assert [one["id"] for one in answer.json["items"]] == [own]
        assert (await callers[0][1].post("/v1/events", event, headers=FORM)).status == 422
        assert (await callers[1][1].post("/v1/events", event, headers=FORM)).status == 202
    # One key of idempotency with two tenants is two requests.
    body = {"type": "parcel.sorted", "schema": schema}
    answers = [await one.post("/v1/event-schemas", body, headers={"idempotency-key": "k"}) for _, one in callers]
    assert [one.status for one in answers] == [201, 201]
    assert answers[0].body != answers[1].body


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(vars(record))


@pytest.fixture
def access_log() -> Iterator[list[dict[str, Any]]]:
    """The lines that are written about requests."""
    logger, kept = logging.getLogger("api.access"), _Kept()
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(kept)
    yield kept.lines
    logger.removeHandler(kept)
    logger.setLevel(level)


async def test_S_17_a_line_of_the_log_names_its_tenant_by_id_and_nothing_that_was_sent(
    parties: Parties, access_log: list[dict[str, Any]]
) -> None:
    for caller, tenant in ((parties.acme, "acme:live"), (parties.foreign, "foreign:live")):
        access_log.clear()
        await caller.post("/v1/events", {**ORDER, "id": tenant}, headers=FORM)
        (line,) = access_log
        assert line["tenant"] == parties.ids[tenant]
        assert line["route"] == "/v1/events"
        shown = repr(line)
        assert CANARY not in shown
        assert "SO-1" not in shown


ODD = ("../../etc/passwd", "..\\..\\x", "%2e%2e/", "a" * 300, "CON", "x\u202egpj.exe", "nul.", "-rf", "~/.ssh")


@pytest.mark.usefixtures("things")
async def test_S_18_names_that_look_like_paths_are_names(parties: Parties, olden: Olden) -> None:
    """Nothing that is sent becomes the name of a file: those of archives are made of ids."""
    for number, name in enumerate(ODD):
        event = {**ORDER, "id": f"{number}-{name}", "source": f"/{name}", "subject": name}
        sent: Answer = await parties.sibling.post("/v1/events", event, headers=FORM)
        assert sent.status == 202, sent.body
        read = await parties.sibling.get(f"/v1/events/{sent.json['id']}")
        assert read.json["subject"] == name
    files: list[Path] = [one for one in olden.folder.rglob("*") if one.is_file()]
    assert files
    tenant = ids.read("ten", parties.ids["acme:live"])
    for file in files:
        parts = file.relative_to(olden.folder).parts
        assert parts[0] in {str(tenant), ids.show("ten", tenant), tenant.hex}, parts
        assert all(re.fullmatch(r"[A-Za-z0-9_.-]+", part) and ".." not in part for part in parts), parts
