"""What the form of a manifest cannot say: whether its parts fit each other and what they name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from services.connectors.capabilities.contracts import Contract, contracts
from services.connectors.declared import effects, request_checks, trigger_checks
from services.connectors.declared.credentials.choosing import used
from services.connectors.declared.document import Database, Document, Inside, OperationPart, Ssh
from services.connectors.declared.files import checks as files
from services.connectors.declared.mistakes import Mistake, near
from services.connectors.declared.sql import checks as sql
from services.connectors.declared.verdicts import SCOPES
from template_library import schemas, status_maps
from template_library.dsl.positions import step
from template_library.dsl.schemas import SchemaError, compile_schema

_SHARED: Final = frozenset({"base_url", "allow_http", "timeout_seconds", "watch"})


def _shared(document: Document) -> frozenset[str]:
    if isinstance(document.authentication, Database):
        return _SHARED | {"user", "tls", "tls_authority"}
    return _SHARED | ({"user", "host_keys"} if isinstance(document.authentication, Ssh) else set())


def mistakes(document: Document) -> Iterator[Mistake]:
    """All that does not fit; programs are looked at by `programs`."""
    yield from _settings(document)
    yield from _named(document)
    for name, part in document.operations.items():
        contract, pointer = contracts().get(name), step("/operations", name)
        yield from _described(name, part, contract, pointer)
        yield from effects.mistakes(document, part, contract, pointer)
        yield from request_checks.mistakes(part, pointer)
        yield from _changes(document, part.errors, f"{pointer}/errors")
    yield from _changes(document, document.errors, "/errors")
    yield from _health(document)
    yield from trigger_checks.mistakes(document)
    yield from files.mistakes(document)
    yield from sql.mistakes(document)
    if document.order_states is not None:
        yield from (Mistake("/order_states", one) for one in status_maps.faults(document.order_states))


def _settings(document: Document) -> Iterator[Mistake]:
    given = document.settings
    for name, rule in given.properties.items():
        pointer = step("/settings/properties", name)
        if name in _shared(document):
            yield Mistake(pointer, "every connection has this setting already; leave it out")
            continue
        try:
            wrong = schemas.check(rule, rule["default"]) if "default" in rule else []
            compile_schema(rule)
        except SchemaError as error:
            yield Mistake(pointer, f"it is no JSON Schema: {error}")
            continue
        yield from (Mistake(f"{pointer}/default", f"its own schema refuses it: {one.detail}") for one in wrong)
    for index, name in enumerate(given.required):
        if name not in given.properties:
            yield Mistake(f"/settings/required/{index}", f"there is no setting `{name}`{near(name, given.properties)}")


def _named(document: Document) -> Iterator[Mistake]:
    """Settings and secrets that the authentication names, and secrets that nothing names."""
    settings, secrets = used(document.authentication)
    if document.client_certificate is not None:
        settings |= {document.client_certificate.certificate}
        secrets |= {document.client_certificate.key}
    for name in sorted(settings - document.settings.properties.keys()):
        close = near(name, document.settings.properties)
        yield Mistake("/authentication", f"there is no setting `{name}`{close}; add it to settings.properties")
    for name in sorted(secrets - document.secrets.keys()):
        yield Mistake(
            "/authentication", f"there is no secret `{name}`{near(name, document.secrets)}; add it to secrets"
        )
    if isinstance(document.authentication, Inside):
        for name, part in document.operations.items():
            if part.request.xml is not None:
                yield Mistake(step("/operations", name), "credentials inside a body go into JSON, and this is XML")
    for name in sorted(document.secrets.keys() - secrets):
        yield Mistake(step("/secrets", name), "the authentication does not use it; leave it out, or use it there")


def _described(name: str, part: OperationPart, contract: Contract | None, pointer: str) -> Iterator[Mistake]:
    given = {"input": part.input is not None, "output": part.output is not None, "writes": bool(part.writes)}
    if contract is not None:
        for member in [member for member, is_given in given.items() if is_given]:
            yield Mistake(f"{pointer}/{member}", f"the capability {name} has its own {member}; leave it out")
        return
    missing = [member for member in ("input", "output") if not given[member]] + ([] if part.title else ["title"])
    if missing:
        close = near(name, contracts())
        yield Mistake(pointer, f"{name} is no capability{close}, so it needs its own {' and '.join(sorted(missing))}")
    for member, schema in (("input", part.input), ("output", part.output)):
        if schema is None:
            continue
        try:
            compile_schema(schema)
        except SchemaError as error:
            yield Mistake(f"{pointer}/{member}", f"it is no JSON Schema: {error}")
    if part.input is not None and part.input.get("type") != "object":
        yield Mistake(f"{pointer}/input", "an operation's input is an object: say `type: object`")


def _changes(document: Document, rules: Any, pointer: str) -> Iterator[Mistake]:
    known = [*document.settings.properties, *document.secrets, *sorted(_shared(document))]
    for index, rule in enumerate(rules):
        if rule.change is not None and rule.change not in {*known, SCOPES}:
            detail = f"there is no setting or secret `{rule.change}`{near(rule.change, known)}"
            yield Mistake(f"{pointer}/{index}/change", detail)


def _health(document: Document) -> Iterator[Mistake]:
    health = document.health
    if health is None:
        return
    part = document.operations.get(health.operation)
    if part is None:
        close = near(health.operation, document.operations)
        yield Mistake("/health/operation", f"there is no operation `{health.operation}`{close}")
        return
    if effects.modes_of(document, part.care) != {"read"}:
        yield Mistake("/health/operation", "a connection is tried by an operation that reads")
    rights = document.operations.get(health.rights)
    if health.rights and (rights is None or effects.modes_of(document, rights.care) != {"read"}):
        yield Mistake("/health/rights", f"there is no operation `{health.rights}` that reads")
    contract = contracts().get(health.operation)
    schema = contract.input if contract else part.input
    try:
        wrong = schemas.check(schema or {}, health.input)
    except SchemaError:
        return  # said of the operation
    yield from (Mistake(f"/health/input{one.pointer}", one.detail) for one in wrong)
