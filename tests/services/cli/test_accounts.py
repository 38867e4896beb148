"""`waybill operator|partner|client|key`, from an empty installation to a client's key."""

from __future__ import annotations

import functools
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints
from infra.ids import TenantId
from services.engine import decisions, effects, findings, state
from services.engine.claims import Claims
from services.engine.functions import Terms
from services.engine.journal import Entry
from services.engine.state import RunDescriptor, Snapshot
from services.engine.waits import Effect
from tests.faults.warm import WarmStarter
from tests.served import served
from tests.world import deploy, progress, start_runs, write


class Commands:
    """Runs commands in the environment of one installation."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def run(self, *words: str, key: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, "WAYBILL_API_KEY": key}
        return WarmStarter.get().run(["services.cli.main", *words], environment)

    def json(self, *words: str, key: str = "") -> Any:
        done = self.run(*words, "--json", key=key)
        assert done.returncode == 0, done.stderr
        return msgspec.json.decode(done.stdout)


@pytest.fixture
def commands(endpoints: Endpoints, tmp_path: Path) -> Iterator[Commands]:
    with served(tmp_path, endpoints) as (_, environment):
        yield Commands(environment)


def test_from_the_first_operator_to_a_clients_key(commands: Commands, tmp_path: Path) -> None:
    made = commands.run("operator", "create", "--name", "Jo, laptop")
    operator = made.stdout.strip()
    assert re.fullmatch(r"pk_\w{26}_\w{52}", operator), made.stderr
    assert "shown this once" in made.stderr
    assert commands.json("partner", "create", "harbor", "--name", "Harbor", key=operator)["slug"] == "harbor"
    partner = commands.json("key", "create", "--name", "first", "--partner", "harbor", key=operator)["key"]
    made_client = commands.json("client", "create", "acme", "--name", "Acme", key=partner)
    assert [one["environment"] for one in made_client["tenants"]] == ["dev", "test", "live"]
    lacking = commands.run(
        "key", "create", "--name", "shop", "--client", "acme", "--permission", "events:write", key=partner
    )
    assert (lacking.returncode, "events:write" in lacking.stderr) == (1, True), "S-68: the partner's key lacks it"
    first = commands.run("key", "first", "harbor/acme/live", "--name", "first", "--json")
    assert msgspec.json.decode(first.stdout)["key"].startswith("pk_"), first.stderr
    shop = commands.json(
        "key", "create", "--name", "shop", "--client", "acme", "--permission", "runs:read", key=partner
    )
    assert (shop["scope"], shop["permissions"]) == ("client", ["runs:read"])

    assert "order.held" in commands.run("event", "types", key=partner).stdout
    held_to = commands.json("event", "register", "order.held", "--client", "acme", "--named-only", key=partner)
    assert (held_to["version"], held_to["enforced"]) == (1, False)
    assert [one["type"] for one in commands.json("event", "schemas", "--client", "acme", key=partner)] == ["order.held"]
    schema = tmp_path / "schema.json"
    schema.write_text('{"type": "array"}')
    bent = ("event", "register", "order.held", "--schema", str(schema), "--client", "acme")
    assert "/type" in commands.run(*bent, key=partner).stderr

    file = tmp_path / "partner.key"
    file.write_text(partner + "\n")
    listed = commands.run("key", "list", "--client", "acme", "--key-file", str(file)).stdout.splitlines()
    assert listed[0].split() == ["name", "scope", "holder", "status", "created_at", "expires_at", "last_used_at", "id"]
    assert (listed[1].split()[:2], listed[1].split()[-1]) == (["shop", "client"], shop["id"])
    assert listed[1].split()[2].partition("/")[0] == "acme"
    assert "acme" in commands.run("client", "list", key=partner).stdout
    assert "harbor" in commands.run("partner", "list", key=operator).stdout
    assert commands.json("partner", "show", "harbor", key=operator)["name"] == "Harbor"
    assert commands.json("client", "show", made_client["id"], key=operator)["slug"] == "acme"

    successor = commands.json("key", "rotate", shop["id"], "--overlap", "0", key=partner)
    assert commands.json("key", "show", shop["id"], key=partner)["status"] == "expired"
    assert commands.json("key", "revoke", successor["id"], key=partner)["status"] == "revoked"
    assert commands.json("key", "show", successor["id"], key=partner)["status"] == "revoked"
    out = tmp_path / "spare.key"
    quiet = commands.run("key", "create", "--name", "kept", "--out", str(out), key=partner)
    assert (quiet.returncode, "pk_" in quiet.stdout, out.stat().st_mode & 0o777) == (0, False, 0o600)
    assert commands.run("client", "list", "--key-file", str(out)).returncode == 0
    assert commands.run("key", "create", "--name", "again", "--out", str(out), key=partner).returncode == 2
    spare = commands.json("key", "create", "--name", "spare", key=partner)
    assert commands.json("key", "disable", spare["id"], key=partner)["status"] == "revoked"
    assert commands.json("client", "disable", "acme", key=partner)["status"] == "disabled"
    assert commands.json("client", "enable", "acme", key=partner)["status"] == "active"
    assert commands.json("partner", "disable", "harbor", key=operator)["status"] == "disabled"


def test_what_is_refused_is_said_in_words(commands: Commands) -> None:
    operator = commands.run("operator", "create").stdout.strip()
    wrong = commands.run("partner", "create", "Harbor!", "--name", "Harbor", key=operator)
    assert wrong.returncode == 1
    assert "/slug: Use 1 to 63 lower-case letters" in wrong.stderr
    unknown = commands.run("partner", "show", "nobody", key=operator)
    assert (unknown.returncode, "Nothing is here" in unknown.stderr) == (1, True)
    refused = commands.run("client", "list", key="pk_" + "0" * 26 + "_" + "a" * 52)
    assert (refused.returncode, "A valid API key is needed" in refused.stderr) == (1, True)
    assert commands.run("key", "create", "--name", "x", "--environment", "live", key=operator).returncode == 2
    assert "--name" in commands.run("operator", "create", "--name", " ").stderr
    commands.environment["WAYBILL_DATABASE_URL"] = "postgresql://nobody:x@127.0.0.1:1/none"
    away = commands.run("operator", "create")
    assert (away.returncode, "does not answer" in away.stderr) == (1, True)


async def test_a_run_is_listed_shown_cancelled_and_not_resumed(
    commands: Commands, app_database: Database, worker_database: Database
) -> None:
    operator = commands.run("operator", "create").stdout.strip()
    commands.json("partner", "create", "harbor", "--name", "Harbor", key=operator)
    partner = commands.json("key", "create", "--name", "first", "--partner", "harbor", key=operator)["key"]
    client = commands.json("client", "create", "acme", "--name", "Acme", key=partner)
    tenant = next(one["id"] for one in client["tenants"] if one["environment"] == "test")
    await deploy(app_database, TenantId(ids.read("ten", tenant)), "document: {}", event_type="order.captured")
    first, second = await start_runs(app_database, TenantId(ids.read("ten", tenant)), 2)
    where = ("--client", "acme", "--environment", "test")
    # Both may be of the same millisecond; the list goes by id.
    assert commands.json("run", "list", *where, key=partner)[0]["id"] == ids.show("run", max(first, second))
    (only,) = commands.json("run", "list", "--business-key", "o-0", *where, key=partner)
    assert only["id"] == ids.show("run", first)
    assert commands.json("run", "list", "--run-key", "orderNumber=o-0", *where, key=partner) == []
    unheard = commands.run("signal", "send", "approved", "orderNumber=o-0", *where, key=partner)
    assert (unheard.returncode, "events:write" in unheard.stderr) == (1, True)
    cancelled = commands.json("run", "cancel", only["id"], *where, key=partner)
    shown = commands.json("run", "show", only["id"], *where, key=partner)
    assert (shown, shown["state"], shown["input"]) == (cancelled, "cancelled", None)
    lines = commands.run("run", "list", "--state", "pending", *where, key=partner).stdout
    assert [line.split()[0] for line in lines.splitlines()] == ["state", "pending"]
    assert "has ended: It is cancelled already" in commands.run("run", "cancel", only["id"], *where, key=partner).stderr
    awake = commands.run("run", "resume", ids.show("run", second), *where, key=partner)
    assert (awake.returncode, "The run is not suspended: It is pending" in awake.stderr) == (1, True)
    assert commands.json("run", "suspend", ids.show("run", second), *where, key=partner)["state"] == "suspended"
    seen = commands.json("run", "redrive", "--state", "suspended", *where, key=partner)
    assert [run["id"] for run in seen["runs"]] == [ids.show("run", second)]
    shown = commands.run("run", "redrive", "--state", "suspended", "--yes", *where, key=partner)
    assert [line.split()[-1] for line in shown.stderr.splitlines()] == ["first:", "id", ids.show("run", second)]
    again = commands.json("run", "redrive", "--token", seen["token"], *where, key=partner)
    assert [run["outcome"] for run in again["runs"]] == ["changed"]
    assert commands.json("exception", "list", "--category", "failed", *where, key=partner) == []
    deployment = ids.read("dep", cancelled["deployment"])
    async with app_database.tenant(TenantId(ids.read("ten", tenant))) as transaction:
        after = {"detail": "the filter fails"}
        await findings.tell(
            transaction, TenantId(ids.read("ten", tenant)), deployment, "deployment.filter-failed", after
        )
    (found,) = commands.json("exception", "list", "--owner", "none", *where, key=partner)
    taken = commands.json("exception", "assign", found["id"], "role:orders", *where, key=partner)
    assert (taken["owner"], taken["category"]) == ("role:orders", "dead-letter")
    unfit = commands.run("exception", "retry", found["id"], *where, key=partner)
    assert (unfit.returncode, "events that began no run" in unfit.stderr) == (1, True)
    assert commands.json("exception", "retry", "--category", "failed", "--yes", *where, key=partner)["count"] == 0
    given_up = commands.json("exception", "discard", found["id"], "--reason", "corrected", *where, key=partner)
    assert (given_up["state"], given_up["reason"]) == ("discarded", "corrected")
    # One by itself is shown with its runbook and its history besides.
    shown = commands.json("exception", "show", found["id"], *where, key=partner)
    assert {name: one for name, one in shown.items() if name != "history"} == {**given_up, "runbook": None}
    early = commands.run("run", "retry", ids.show("run", second), *where, key=partner)
    assert (early.returncode, "The run is not faulted: It is pending" in early.stderr) == (1, True)
    assert commands.run("run", "list", "--state", "held", *where, key=partner).returncode == 0
    commands.json("key", "create", "--name", "shop", "--client", "acme", "--environment", "test", key=partner)
    assert re.search("^shop .*acme/test", commands.run("key", "list", key=partner).stdout, re.MULTILINE)
    _decide_effect(functools.partial(commands.run, key=partner), await _ask(worker_database), where)


async def _ask(worker: Database) -> tuple[str, str]:
    """The one run waits for a person. Its id, and the key of its effect."""
    (claim,) = await Claims(worker, "w", 30).take(1)
    effect = Effect(function="f", arguments={}, reference="/do/0/sell", iteration=1, name="sell")
    call = decisions.call_of(effect, tenant=claim.tenant_id, run=claim.run_id)
    fact = effects.unknown(call, Terms(mode="once-or-ask", operation="orders.write"), decisions.outcome_unknown("It"))
    snapshot = state.encode(Snapshot(run=RunDescriptor(id="run", tenant="ten"), strands=[]))
    entries = [Entry(effects.UNKNOWN, effect.reference, effect.name, fact.text())]
    waiting = '{"kind": "uncertain", "ref": "/do/0/sell", "since": "2026-01-01T00:00:00Z", "reason": "lost"}'
    waits = msgspec.structs.replace(progress(claim), state="waiting", entries=entries, usage=[], audit=[])
    waits = msgspec.structs.replace(waits, snapshot=snapshot, waiting_for=waiting)
    assert await write(worker, waits) == ["committed"]
    return ids.show("run", claim.run_id), call.key


def _decide_effect(
    run: Callable[..., subprocess.CompletedProcess[str]], asked: tuple[str, str], where: tuple[str, ...]
) -> None:
    """F-03: a person sees what is asked, names its version, and decides."""
    head, line = run("run", "effects", asked[0], *where).stdout.splitlines()
    assert head.split()[-3:] == ["version", "error.detail", "key"]
    assert line.split()[:3] == ["unknown", "once-or-ask", "orders.write"]
    assert line.split()[-2:] == ["1", asked[1]]
    nothing = run("run", "decide", asked[0], "0" * 64, "fail", *where)
    assert (nothing.returncode, f"the run has no effect {'0' * 64}" in nothing.stderr) == (1, True)
    seen = run("run", "decide", *asked, "fail", *where)
    assert (seen.returncode, "Nothing is decided" in seen.stderr) == (0, True)
    version = re.search(r"^version +(\d+)$", seen.stdout, re.MULTILINE)
    assert version
    stale = run("run", "decide", *asked, "fail", "--version", str(int(version[1]) + 1), *where)
    assert (stale.returncode, "The effect has changed" in stale.stderr) == (1, True)
    decided = run("run", "decide", *asked, "fail", "--version", version[1], "--why", "it is not there", *where)
    assert (decided.returncode, "state" in decided.stdout) == (0, True), decided.stderr
    assert run("run", "effects", asked[0], *where).stdout.splitlines()[1].startswith("failed")


LISTEN = """
document: {dsl: '1.0.3', namespace: tests, name: orders, version: '%s'}
schedule: {on: {one: {with: {type: order.captured}}}}
do:
  - approve: {listen: {to: {one: {with: {type: approved}}}}}
"""


async def test_runs_are_moved_to_another_revision_by_a_command(
    commands: Commands, app_database: Database, tmp_path: Path
) -> None:
    operator = commands.run("operator", "create").stdout.strip()
    commands.json("partner", "create", "harbor", "--name", "Harbor", key=operator)
    partner = commands.json("key", "create", "--name", "first", "--partner", "harbor", key=operator)["key"]
    client = commands.json("client", "create", "acme", "--name", "Acme", key=partner)
    tenant = TenantId(next(ids.read("ten", one["id"]) for one in client["tenants"] if one["environment"] == "test"))
    where = ("--client", "acme", "--environment", "test")
    file = tmp_path / "orders.yaml"
    file.write_text(LISTEN % "1.0.0", encoding="utf-8")
    commands.json("deployment", "create", "orders", "--document", str(file), *where, key=partner)
    first, second = [ids.show("run", run) for run in await start_runs(app_database, tenant, 2)]
    commands.json("run", "suspend", first, *where, key=partner)
    migrate = ("deployment", "migrate", "orders", "--from", "1", *where)
    early = commands.run(*migrate, key=partner)
    assert (early.returncode, "revision 1 is the present one of orders" in early.stderr) == (1, True), early.stderr
    file.write_text(LISTEN % "1.1.0", encoding="utf-8")
    commands.json("deployment", "update", "orders", "--document", str(file), *where, key=partner)
    seen = commands.json(*migrate, "--dry-run", key=partner)
    assert (seen["standing"], seen["busy"], seen["movable"], seen["refused"]) == (1, 1, 1, [])
    assert commands.json(*migrate, key=partner) == {"outcomes": {"migrated": 1}, "refused": {}}
    assert commands.json(*migrate, key=partner) == {"outcomes": {}, "refused": {}}
    assert [commands.json("run", "show", run, *where, key=partner)["revision"] for run in (first, second)] == [2, 1]
    wrong = commands.run(*migrate, "--to", "7", key=partner)
    assert (wrong.returncode, "the deployment has no revision 7" in wrong.stderr) == (1, True)
