"""Which connection of a group a run calls: chosen by its rules once, and kept (ADR 0083)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.database import Database, through_outage
from infra.ids import TenantId
from services.connectors.sdk.errors import Refusal
from services.engine.functions import Call
from services.records import systems
from services.records.systems import Ambiguous
from tenants.connections import rules
from tenants.connections.rules import Facts, Record, Rule, Said

_KEPT: Final = (
    "SELECT connection_id FROM app.connection_choice WHERE tenant_id = $1 AND run_id = $2 AND name = $3 AND digest = $4"
)
_GROUP: Final = """
SELECT g.name, g.revision, g.rules::text AS rules, s.slug AS site
FROM app.run r JOIN app.deployment d USING (tenant_id, deployment_id)
JOIN app.connection_group g ON g.tenant_id = r.tenant_id AND g.group_id = $3
LEFT JOIN app.site s ON s.tenant_id = d.tenant_id AND s.site_id = d.site_id
WHERE r.tenant_id = $1 AND r.run_id = $2
"""
_KEEP: Final = """
INSERT INTO app.connection_choice
  (tenant_id, run_id, name, digest, facts, group_id, group_revision, rule, connection_id)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, c.connection_id FROM app.connection c
WHERE c.tenant_id = $1 AND c.connection_id = $9 AND c.status = 'active' ON CONFLICT DO NOTHING
"""
_NOTHING: Final = (None, "")
TITLE: Final = "No binding rule chooses a connection"


class Wanted(msgspec.Struct, frozen=True):
    """A name of the workflow that has a group, and what a call over it says that it is for."""

    name: str
    group: UUID
    facts: Facts

    @property
    def digest(self) -> bytes:
        """Equal for equal groups and facts."""
        return hashlib.sha256(self.group.bytes + msgspec.json.encode(self.facts, order="sorted")).digest()


def wanted(call: Call) -> Wanted | None:
    """None: the name that the call gives has no group.

    Raises:
        Refusal: what it says that it is for has no good form.
    """
    name = call.arguments.get("connection")
    group = call.groups.get(name) if isinstance(name, str) else None
    if group is None:
        return None
    try:
        return Wanted(str(name), group, facts_of(call.arguments.get("for")))
    except msgspec.ValidationError as error:
        detail = f"`for` of the call cannot be read: {error}"
        raise Refusal(detail, name="validation", status=400, title="The call cannot be read") from None


class Choices:
    """One for the process; keeps nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def kept(self, call: Call, one: Wanted) -> UUID | None:
        """What the run chose before."""
        return await through_outage(lambda: self._kept(call, one), "which connection a run has chosen")

    async def choose(self, call: Call, one: Wanted) -> UUID:
        """What the run chose before, or chooses by the rules that hold now; it is committed when this answers.

        Raises:
            Refusal: no rule is for this call, or the one that is leads to a connection that cannot be called.
        """
        return await through_outage(lambda: self._choose(call, one), "which connection a rule chooses")

    async def _kept(self, call: Call, one: Wanted) -> UUID | None:
        async with self._database.tenant(TenantId(call.tenant)) as connection:
            found: UUID | None = await connection.fetchval(_KEPT, call.tenant, call.run, one.name, one.digest)
        return found

    async def _choose(self, call: Call, one: Wanted) -> UUID:
        async with self._database.tenant(TenantId(call.tenant)) as connection:
            found: UUID | None = await connection.fetchval(_KEPT, call.tenant, call.run, one.name, one.digest)
            if found is not None:
                return found
            row = await connection.fetchrow(_GROUP, call.tenant, call.run, one.group)
            if row is None:
                raise Refusal("There is no such connection group", name="configuration", title=TITLE)
            group = msgspec.json.decode(row["rules"], type=list[Rule])
            said = await said_of(connection, TenantId(call.tenant), group, one.facts, row["site"])
            place = rules.first(group, said)
            if place is None:
                raise _missing(row["name"], one.name, group, said)
            facts = msgspec.json.encode(said.facts).decode()
            key = (call.tenant, call.run, one.name, one.digest)
            chosen = group[place - 1].connection
            await connection.execute(_KEEP, *key, facts, one.group, row["revision"], place, chosen)
            # Of two workers at once, and the one of them may be thought dead, the first counts.
            found = await connection.fetchval(_KEPT, *key)
            if found is None:
                raise _unusable(row["name"], place)
        return found


async def said_of(connection: Any, tenant: TenantId, group: list[Rule], facts: Facts, site: str | None) -> Said:
    """With the deployment's own `site` where the call names none, and the systems that know the record that counts.

    Raises:
        Refusal: several records have its id, and it matters which of them is meant.
    """
    whole = facts if facts.site is not None or site is None else msgspec.structs.replace(facts, site=site)
    if not rules.asks_owner(group, whole):
        return Said(whole)
    named = frozenset(owner for rule in group for owner in rule.when.owner)
    owners: frozenset[str] = frozenset()
    for record in facts.records:
        found = await _knowing(connection, tenant, record)
        if found & named:
            return Said(whole, found)
        owners = owners or found
    return Said(whole, owners)


async def _knowing(connection: Any, tenant: TenantId, record: Record) -> frozenset[str]:
    try:
        return await systems.knowing(connection, tenant, record.kind, record.id, record.system)
    except Ambiguous:
        detail = (
            f"The {record.kind} `{record.id}` is another one in each of several systems: give `for.record.system`, so"
            " that its owner can be found, or add a rule that chooses by something else before those that ask for one"
        )
        raise Refusal(detail, name="configuration", title="The record's owner is not known") from None


def facts_of(given: Any) -> Facts:
    """What is null or empty, as a program gives what is absent, was not said; a number is its digits.

    A record whose id is null or empty was not said either.

    Raises:
        ValidationError: it has no good form.
    """
    return msgspec.convert({} if given is None else _plain(given), Facts)


def _plain(given: Any) -> Any:
    if isinstance(given, dict):
        if given.get("id", 0) in _NOTHING:
            return None
        plain = {name: _plain(value) for name, value in given.items()}
        return {name: value for name, value in plain.items() if value not in _NOTHING}
    if isinstance(given, list):
        return [one for one in map(_plain, given) if one not in _NOTHING] or None
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


def _missing(group: str, name: str, found: list[Rule], said: Said) -> Refusal:
    for_whom = rules.unmatched(found, said)
    detail = (
        f"No rule of the connection group `{group}`, which is bound to `{name}`, is for {for_whom}. Add a rule to the"
        " group and try the run again"
    )
    # A title is shown to who may not read payloads, out of which these words were computed (S-05).
    return Refusal(detail, name="configuration", title=f"The connection group `{group}` has no rule for this call")


def _unusable(group: str, place: int) -> Refusal:
    detail = f"Rule {place} of the connection group `{group}` leads to a connection that is disabled"
    return Refusal(detail, name="configuration", title=f"{detail}: enable it or change the rule")


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What a run chose. `facts` as the call said, with its deployment's site; `rule`: of that revision, from 1."""

    name: str
    facts: Facts
    connection: UUID
    group: UUID
    revision: int
    rule: int
    at: datetime


async def of_run(transaction: Any, tenant: UUID, run: UUID) -> list[Chosen]:
    """The first first, inside a transaction of the tenant."""
    rows = await transaction.fetch(
        "SELECT name, facts::text AS facts, connection_id AS connection, group_id AS group, group_revision AS "
        "revision, rule, chosen_at AS at FROM app.connection_choice WHERE tenant_id = $1 AND run_id = $2 "
        "ORDER BY chosen_at, name",
        tenant,
        run,
    )
    return [Chosen(**{**row, "facts": msgspec.json.decode(row["facts"], type=Facts)}) for row in rows]
