"""A plan by which runs that stand still go on under another revision of their deployment (ADR 0032)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from infra.ids import TenantId
from infra.problems import Conflict, Invalid
from services.engine import mapping, moving, state, values
from services.engine.definitions import programs_of
from services.engine.moving import Side
from services.engine.sameness import Stuck
from template_library.dsl import DocumentError
from tenants.deployments.errors import UnknownRevision
from tenants.deployments.triggers import Pinned, Text, pinned


class InvalidMigration(Invalid):
    """The revisions or the mapping do not fit. `errors` lists `{pointer, detail}`; nothing was moved."""

    name = "invalid-migration"
    title = "The migration does not fit its deployment"


class RevisionUnreadable(Conflict):
    """This version of the software cannot read one of the two documents any more; such runs stay where they are."""

    name = "revision-unreadable"
    title = "A revision cannot be read by this version"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """From which revision of a deployment to which; `pairs` are pointers of tasks, old to new."""

    deployment: UUID
    former: int
    next: int
    pairs: dict[str, str] = {}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A run that nobody holds and that is not in line; `seq` lines of its journal.

    `suspect`: its worker died with it in hand, and it has come to no commit since.
    """

    run_id: UUID
    seq: int
    fence: int
    state: str
    suspect: bool
    business_key: str | None
    program: str | None
    revision: int
    snapshot: bytes | None
    waiting_for: str | None


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is after its move; `moved` are references of its open tasks, old to new."""

    snapshot: bytes | None
    waiting_for: str | None
    moved: dict[str, str]


class Migration:
    """A plan whose documents were read."""

    def __init__(self, plan: Plan, former: Pinned, following: Pinned) -> None:
        self.plan = plan
        self._pinned = (former, following)
        self._sides: dict[str | None, tuple[Side, Side]] = {}
        self.versions = [side.programs[""].document.version for side in self.sides(None)]

    def sides(self, program: str | None) -> tuple[Side, Side]:
        """Both revisions, as runs of `program` see them. Raises Stuck where the new one has none such."""
        if program not in self._sides:
            former, following = (_side(one, program) for one in self._pinned)
            self._sides[program] = former, following
        return self._sides[program]

    def move(self, run: Standing) -> Moved:
        """Raises Stuck."""
        former, following = self.sides(run.program)
        if run.suspect:
            # In the new revision that call might have another key, and be made twice.
            raise Stuck("", "its worker died during it, and a call that it may have made is not known; resume it first")
        if run.snapshot is None:  # it has not begun
            return Moved(snapshot=None, waiting_for=run.waiting_for, moved={})
        try:
            snapshot = state.decode(run.snapshot)
        except msgspec.DecodeError:
            raise Stuck("", "another version of this software keeps where it stands") from None
        pairs = self.plan.pairs if run.program is None else {}
        there = moving.move(snapshot, former, following, pairs)
        moved = moving.references(snapshot, there)
        return Moved(snapshot=state.encode(there), waiting_for=_reworded(run.waiting_for, moved), moved=moved)

    def suggested(self) -> dict[str, str]:
        """A mapping of the tasks that have another place and the same names around them."""
        former, following = self.sides(None)
        return mapping.suggest(former.programs[""], following.programs[""])


async def open_plan(connection: Any, tenant: TenantId, plan: Plan) -> Migration:
    """Read both documents, and check that the plan fits them.

    Raises:
        InvalidMigration, RevisionUnreadable: see there.
    """
    if plan.former == plan.next:
        raise _invalid([("/to_revision", "it is the revision that the runs have")])
    found = [
        await _pinned(connection, tenant, plan.deployment, revision, name)
        for revision, name in ((plan.former, "from_revision"), (plan.next, "to_revision"))
    ]
    try:
        migration = Migration(plan, *found)
    except DocumentError as error:
        raise RevisionUnreadable(str(error)) from None
    former, following = (side.programs[""] for side in migration.sides(None))
    names = [(one.document.namespace, one.document.name) for one in (former, following)]
    if names[0] != names[1]:
        words = " and ".join(f"{namespace}/{name}" for namespace, name in names)
        raise _invalid([("/to_revision", f"the revisions run two workflows: {words}")])
    wrong = mapping.check(plan.pairs, former, following)
    if wrong:
        raise _invalid([("/map/" + one.pointer.replace("~", "~0").replace("/", "~1"), one.detail) for one in wrong])
    return migration


async def _pinned(connection: Any, tenant: TenantId, deployment: UUID, revision: int, name: str) -> Pinned:
    try:
        return await pinned(connection, tenant, deployment, revision)
    except UnknownRevision:
        raise _invalid([(f"/{name}", f"the deployment has no revision {revision}")]) from None


def _side(content: Pinned, program: str | None) -> Side:
    chosen = (
        Text(content.document, content.digest, content.elsewhere) if program is None else content.nested.get(program)
    )
    if chosen is None:
        raise Stuck("", f"it is a run of {program}, which is no part of the new revision")
    programs, _ = programs_of(chosen, content.nested)
    return Side(programs=programs, bindings=content.bindings | content.groups, parameters=content.parameters)


def _reworded(waiting_for: str | None, moved: Mapping[str, str]) -> str | None:
    """The reason to wait, with the reference that its task has now."""
    if waiting_for is None or not moved:
        return waiting_for
    reason = msgspec.json.decode(waiting_for)
    for one in (reason, reason.get("was")):
        for name in ("ref", "task"):
            if isinstance(one, dict) and one.get(name) in moved:
                one[name] = values.plain(moved[one[name]])
    return msgspec.json.encode(reason).decode()


def _invalid(errors: Sequence[tuple[str, str]]) -> InvalidMigration:
    detail = "; ".join(f"{pointer}: {words}" for pointer, words in errors[:3])
    return InvalidMigration(detail, errors=[{"pointer": pointer, "detail": words} for pointer, words in errors])
