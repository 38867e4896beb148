from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

from template_library import retention, versions
from template_library.dsl.durations import DurationError, milliseconds
from template_library.dsl.kinds import CATEGORIES

_FILE: Final = re.compile(r"[a-z0-9-]{1,64}\.json")
_RUNBOOK: Final = re.compile(r"runbooks/[a-z0-9](-?[a-z0-9]){0,62}\.md")
_EVENT: Final = re.compile(r"[a-z0-9]([._-]?[a-z0-9]){0,124}")
Category = Literal["customers", "orders", "fulfilment", "finance"]
SLUG: Final = re.compile(r"[a-z0-9](-?[a-z0-9]){0,62}")


class MalformedManifest(ValueError):
    """A template's `manifest.yaml` breaks a rule. Its author corrects it; the message names the member."""


class ConnectionNeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A connection that the workflow names, and the operations that its connector must offer."""

    operations: tuple[str, ...]
    title: str = ""


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody among the client's people; `does`: what, in a line."""

    title: str
    does: str


class ExceptionType(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something that goes another way than straight.

    Attributes:
        owner: slug of the role that looks after it.
        runbook: file of the package that says what to do, such as `runbooks/probable-duplicate.md`.
        within: business time in which it is to be done with, such as `PT4H`.
        category: of what stands still, such as `failed`; None: any.
    """

    title: str
    owner: str
    runbook: str
    within: str | None = None
    category: str | None = None


class Monitor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A figure to watch; `of`: what is measured. `warn`: how long is too long."""

    title: str
    of: str
    warn: str | None = None


class Events(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Types of events that begin or reach its runs, and that they emit."""

    consumes: tuple[str, ...] = ()
    emits: tuple[str, ...] = ()


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a template is and what it needs. A whole one, which says its category, says everything behind it as well.

    Attributes:
        name: slug; the folder's name.
        version: semantic version; the inner folder's name.
        title, summary: for the person who chooses; the title at most 80 characters.
        connections: by the name that the workflow uses.
        kpis: the figures that it improves, in field words.
        sample: file of the package with an event that starts it.
        retention: how long ended runs are kept, such as `P2Y`; None: as long as the installation keeps them.
        roles: by slug, those that its tasks name.
        process_owner: the one of them that answers for the whole.
        systems_of_record: by family of fields, such as `customer.terms`, the connection whose system has the last word.
        exceptions, monitoring: by slug.
        permissions: what its people need.
        set_up: time that a partner needs for it.
    """

    name: str
    version: str
    title: str
    summary: str
    connections: dict[str, ConnectionNeed] = {}
    kpis: tuple[str, ...] = ()
    sample: str | None = None
    retention: str | None = None
    category: Category | None = None
    roles: dict[str, Role] = {}
    process_owner: str | None = None
    systems_of_record: dict[str, str] = {}
    exceptions: dict[str, ExceptionType] = {}
    monitoring: dict[str, Monitor] = {}
    events: Events = Events()
    permissions: tuple[str, ...] = ()
    set_up: str | None = None

    def missing(self) -> list[str]:
        """Members that a whole manifest would have; none where this one does not say its category."""
        asked = ("roles", "process_owner", "systems_of_record", "exceptions", "monitoring", "permissions", "set_up")
        found = [name for name in asked if not getattr(self, name)]
        if not (self.events.consumes or self.events.emits):
            found.append("events")
        return found if self.category is not None else []


def read(document: Any) -> Manifest:
    """The manifest in `document`, a decoded YAML or JSON object.

    Raises:
        MalformedManifest: a member is missing, unknown or of the wrong form.
    """
    try:
        manifest = msgspec.convert(document, Manifest)
        versions.parse(manifest.version)
    except (msgspec.ValidationError, versions.MalformedVersion) as error:
        raise MalformedManifest(str(error)) from None
    for name in (manifest.name, *manifest.connections):
        if not SLUG.fullmatch(name):
            raise MalformedManifest(f"`{name[:64]}` is no slug: lower-case letters, digits and single hyphens")
    if manifest.sample is not None and not _FILE.fullmatch(manifest.sample):
        raise MalformedManifest(f"the sample `{manifest.sample[:64]}` is no JSON file of the package")
    if manifest.retention is not None:
        try:
            retention.days(manifest.retention)
        except ValueError as error:
            raise MalformedManifest(f"the retention is {error}") from None
    for name, need in manifest.connections.items():
        if not need.operations:
            raise MalformedManifest(f"the connection `{name}` lists no operation")
    for words in _mistakes(manifest):
        raise MalformedManifest(words)
    return manifest


def _mistakes(manifest: Manifest) -> Iterator[str]:
    """What does not go together in it, the first first."""
    for name in (*manifest.roles, *manifest.exceptions, *manifest.monitoring):
        if not SLUG.fullmatch(name):
            yield f"`{name[:64]}` is no slug: lower-case letters, digits and single hyphens"
    owners = [(f"the exception `{name}`", one.owner) for name, one in manifest.exceptions.items()]
    if manifest.process_owner is not None:
        owners.append(("the process", manifest.process_owner))
    yield from (
        f"{what} has an owner `{role}` that is none of `roles`" for what, role in owners if role not in manifest.roles
    )
    for field, connection in manifest.systems_of_record.items():
        if connection not in manifest.connections:
            yield f"`{connection}`, the system of record of {field}, is none of `connections`"
    yield from _of_exceptions(manifest)
    for kind in (*manifest.events.consumes, *manifest.events.emits):
        if not _EVENT.fullmatch(kind):
            yield f"`{kind[:64]}` is no type of event"
    yield from _of_lengths(manifest)


def _of_exceptions(manifest: Manifest) -> Iterator[str]:
    for name, one in manifest.exceptions.items():
        if not _RUNBOOK.fullmatch(one.runbook):
            yield f"the exception `{name}` has a runbook that is no file such as runbooks/{name}.md"
        if one.category is not None and one.category not in CATEGORIES:
            yield f"the exception `{name}` has a category that is none of {', '.join(CATEGORIES)}"


def _of_lengths(manifest: Manifest) -> Iterator[str]:
    texts = [one.within for one in manifest.exceptions.values()]
    texts += [one.warn for one in manifest.monitoring.values()]
    for text in (*texts, manifest.set_up):
        try:
            _ = text is None or milliseconds(text)
        except DurationError as error:
            yield str(error)
