"""What connectors there are, each with all that somebody asks before choosing it; the pages of the product's own.

`python -m services.connectors.catalogue > docs/integrator/connector-catalogue.md` writes the page of systems,
`… documented > docs/integrator/documented-catalogue.md` that of those which no system has answered, and
`… simulators > docs/integrator/simulator-catalogue.md` that of simulators.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from services.connectors import certification, levels
from services.connectors.builtin import all_connectors
from services.connectors.capabilities.contracts import contracts
from services.connectors.certification import Standing
from services.connectors.health import questions
from services.connectors.sdk.connector import Connector, ReadsBack
from services.connectors.sdk.manifest import Mode, Operation, SecretField, Trigger
from services.connectors.simulators import systems
from services.connectors.ways import WAYS
from template_library.dsl import durations
from tenants.connections.limits import Limits

Kind = Literal["systems", "documented", "simulators"]

_HEADS: Final[dict[Kind, str]] = {
    "systems": (
        "# The connectors that come with the product\n\n"
        "Written by `python -m services.connectors.catalogue`. What each level means, and how it is computed: "
        "[ADR 0078](../adr/0078-levels-of-connectors.md). A level here is that of the day of its tests; whether shared "
        "code or a test has changed since then ([ADR 0108](../adr/0108-levels-by-code.md)) the product says. "
        "The same, with those of your installation: "
        "the commands `connector list` and `connector show`, and `GET /v1/connectors`. Those from public documents, "
        "which no system has answered yet, have [a page of their own](documented-catalogue.md), and so have [those of "
        "simulators](simulator-catalogue.md).\n\n"
    ),
    "documented": (
        "# The connectors from public documents\n\n"
        "Written by `python -m services.connectors.catalogue documented`. No system has answered these yet: "
        "[what they are made of, and how each is set up](documented-connectors.md); the others: "
        "[the catalogue](connector-catalogue.md).\n\n"
    ),
    "simulators": (
        "# The connectors of the simulators\n\n"
        "Written by `python -m services.connectors.catalogue simulators`. What each simulator is: "
        "[simulators](simulators.md); the others: [the catalogue](connector-catalogue.md).\n\n"
    ),
}
"""What each page begins with."""

_SIMULATED: Final = {kind.connector: kind.about for kind in systems.KINDS.values()}
"""What the simulator has that a connector speaks with, by connector."""
_ASKED: Final = {"file": "files, looked for every", "mail": "mail, looked for every"}


class OperationEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What a connector can do."""

    name: Annotated[str, Meta(examples=["erp.sales-orders.create"])]
    title: str
    effect: Annotated[
        Mode, Meta(description="How it stands being repeated; `by-call`: the input and the settings decide.")
    ]
    reads_back: Annotated[bool, Meta(description="What a call did whose answer was lost can be looked for.")]
    key_valid_for: Annotated[
        str | None, Meta(description="Of a `keyed` one whose system forgets keys: after what time.", examples=["PT24H"])
    ]
    capability: Annotated[bool, Meta(description="Templates ask for it by this name, whatever system offers it.")]
    writes: Annotated[list[str], Meta(description="What it writes about, for rules that ask for an approval.")]
    scopes: Annotated[list[str], Meta(description="Rights that the credentials need for it.")]


class TriggerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What of a system becomes events."""

    name: str
    title: str
    kind: Literal["poll", "file", "mail", "webhook"]
    events: Annotated[list[str], Meta(description="Their types; empty: as the system names them.")]
    every: Annotated[str | None, Meta(description="Of a poll, files or mail: between two calls.", examples=["PT1M"])]


class SecretEntry(msgspec.Struct, frozen=True):
    """A secret that a connection of it has."""

    name: Annotated[str, Meta(examples=["token"])]
    title: str
    required: Annotated[bool, Meta(description="False: what the settings say decides whether it is needed.")]


class ConnectorEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A connector, as it is offered here."""

    name: Annotated[str, Meta(examples=["erp-simulator"])]
    version: str
    title: str
    certification: Standing
    follows: Annotated[str | None, Meta(description="Which version of which public document it follows.")]
    limits: Annotated[Limits, Meta(description="Of a connection that says nothing else.")]
    scopes: Annotated[list[str], Meta(description="Rights that the credentials need for all of its operations.")]
    secrets: list[SecretEntry]
    traps: Annotated[list[str], Meta(description="What surprises who uses the system.")]
    simulator: Annotated[str | None, Meta(description="Of one that speaks with a simulator: what that simulator has.")]
    checked_by: Annotated[
        str | None, Meta(description="The operation that a connection of it is checked by; null: it cannot be checked.")
    ]
    operations: list[OperationEntry]
    triggers: list[TriggerEntry]


class ConnectorDetail(ConnectorEntry, frozen=True, kw_only=True):
    """One connector with what a form of its settings is made of."""

    settings: Annotated[dict[str, Any], Meta(description="JSON Schema (2020-12) of a connection's settings.")]


def entries(connectors: Iterable[Connector]) -> list[ConnectorEntry]:
    """By name."""
    return sorted((entry(one) for one in connectors), key=lambda one: one.name)


def entry(connector: Connector) -> ConnectorEntry:
    manifest = connector.manifest
    looks, question = isinstance(connector, ReadsBack), questions.of(connector)
    operations = [_operation(one, looks=looks) for one in manifest.operations if not one.inner]
    return ConnectorEntry(
        name=manifest.name,
        version=manifest.version,
        title=manifest.title,
        certification=certification.standing(connector),
        follows=manifest.follows or None,
        limits=manifest.limits or Limits(),
        scopes=sorted({scope for one in operations for scope in one.scopes}),
        secrets=[_secret(one) for one in manifest.secrets],
        traps=list(manifest.traps),
        simulator=_SIMULATED.get(manifest.name),
        checked_by=None if question is None else question.operation,
        operations=operations,
        triggers=[_trigger(one) for one in manifest.triggers],
    )


def detail(connector: Connector) -> ConnectorDetail:
    return ConnectorDetail(**msgspec.structs.asdict(entry(connector)), settings=connector.manifest.settings)


def _operation(one: Operation, *, looks: bool) -> OperationEntry:
    return OperationEntry(
        name=one.name,
        title=one.title,
        effect=one.mode,
        reads_back=looks and one.looks and one.mode != "read",
        key_valid_for=one.key_valid_for,
        capability=one.name in contracts(),
        writes=list(one.writes),
        scopes=list(one.scopes),
    )


def _secret(one: SecretField) -> SecretEntry:
    return SecretEntry(one.name, one.title, one.required)


def often(every: str) -> str:
    """What follows on `every`, of ISO 8601 text: `minute`, `90 seconds`. Raises DurationError."""
    found = durations.milliseconds(every)
    for name, size in (("hour", 3_600_000), ("minute", 60_000), ("second", 1_000)):
        if found % size == 0:
            return name if found == size else f"{found // size} {name}s"
    return durations.text(found)


def _trigger(one: Trigger) -> TriggerEntry:
    return TriggerEntry(name=one.name, title=one.title, kind=one.kind, events=list(one.events), every=one.every or None)


def section(one: ConnectorEntry) -> str:
    """One connector in Markdown."""
    return "\n".join(_lines(one)) + "\n"


def _lines(one: ConnectorEntry) -> Iterator[str]:
    shown = levels.shown(one.certification.level)
    yield f"## {one.title}\n"
    follows = f" Follows {one.follows}." if one.follows else ""
    yield f"`{one.name}` {one.version} · **{shown}**. {one.certification.why}.{follows}\n"
    rate = one.limits.rate
    told = "" if rate is None else f", and {rate.calls} that begin in {rate.seconds:g} seconds"
    secrets = f" Secrets: {_named([each.name for each in one.secrets])}." if one.secrets else ""
    yield f"- Limits unless a connection says others: {one.limits.at_once} calls at once{told}.{secrets}"
    if one.scopes:
        yield f"- Rights that it needs: {_named(one.scopes)}."
    yield from (f"- Known trap: {trap}" for trap in one.traps)
    for trigger in one.triggers:
        asked = _ASKED.get(trigger.kind, "asked every")
        how = f"{asked} {often(trigger.every)}" if trigger.every else "sent by the system"
        yield f"- Trigger `{trigger.name}`: {trigger.title}; {how}. Events: {_named(trigger.events)}."
    yield "\n| operation | | effect | rights |\n| --- | --- | --- | --- |"
    for operation in one.operations:
        yield f"| `{operation.name}` | {operation.title} | {operation.effect} | {_named(operation.scopes)} |"


def _named(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def page(kind: Kind = "systems") -> str:
    """The page of the product's own connectors of that kind."""
    shown = [one for one in entries(all_connectors()) if _kind(one) == kind]
    found = _HEADS[kind] + "\n".join(section(_as_tested(one)) for one in shown)
    return f"{found}\n" + "\n".join(_ways()) + "\n" if kind == "systems" else found


def _kind(one: ConnectorEntry) -> Kind:
    if one.simulator is not None:
        return "simulators"
    return "documented" if one.certification.system is None else "systems"


def _ways() -> Iterator[str]:
    """Those of talking, which belong to no connector alone."""
    yield "## Ways of talking\n"
    yield "| way | level | why |\n| --- | --- | --- |"
    for one in WAYS:
        known = certification.as_tested(certification.standing_of_way(one))
        yield f"| [{one.title}]({one.page}) | **{levels.shown(known.level)}** | {known.why} |"


def _as_tested(one: ConnectorEntry) -> ConnectorEntry:
    return msgspec.structs.replace(one, certification=certification.as_tested(one.certification))


def main() -> Any:
    (kind,) = sys.argv[1:] or ["systems"]
    return sys.stdout.write(page(msgspec.convert(kind, Kind)))


if __name__ == "__main__":
    main()
