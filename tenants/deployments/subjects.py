"""What a workflow is about, in the words by which owners are named: its domain of processes, its entities of data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal

import msgspec

from template_library.dsl import Workflow
from tenants.deployments.needs import Need

Domain = Literal["order-to-cash", "inventory-to-fulfilment", "procure-to-receive", "warehouse-to-finance", "other"]
OTHER: Final[Domain] = "other"

ENTITIES: Final[dict[str, Domain]] = {
    "order": "order-to-cash",
    "customer": "order-to-cash",
    "price": "order-to-cash",
    "return": "order-to-cash",
    "claim": "order-to-cash",
    "item": "inventory-to-fulfilment",
    "inventory": "inventory-to-fulfilment",
    "shipment": "inventory-to-fulfilment",
    "supplier": "procure-to-receive",
    "po": "procure-to-receive",
    "receipt": "procure-to-receive",
    "invoice": "warehouse-to-finance",
    "payment": "warehouse-to-finance",
}
"""Entities of data, each with the domain whose processes begin with it."""
DOMAINS: Final[tuple[Domain, ...]] = (
    "order-to-cash",
    "inventory-to-fulfilment",
    "procure-to-receive",
    "warehouse-to-finance",
    OTHER,
)


class Subjects(msgspec.Struct, frozen=True):
    """`entities` sorted."""

    domain: Domain
    entities: tuple[str, ...]


def find(workflow: Workflow, needs: Iterable[Need]) -> Subjects:
    """Of the document's `metadata.domain` and `metadata.entities`; else of its trigger and the operations it calls.

    What neither says belongs to the domain `other`, which has an owner of its own.
    """
    written = workflow.document.metadata
    trigger = "" if workflow.trigger is None else str(workflow.trigger.attributes.get("type", ""))
    begins = next((part for part in trigger.split(".") if part in ENTITIES), None)
    entities = set(_known(written.get("entities")))
    if not entities:
        entities = set(_of_operations(needs)) | ({begins} if begins is not None else set())
    given = written.get("domain")
    domain: Domain = OTHER
    if given in DOMAINS:
        domain = given
    elif begins is not None:
        domain = ENTITIES[begins]
    elif len(domains := {ENTITIES[one] for one in entities}) == 1:
        domain = domains.pop()
    return Subjects(domain, tuple(sorted(entities)))


def _known(given: Any) -> Iterator[str]:
    if isinstance(given, list):
        yield from (one for one in given if isinstance(one, str) and one in ENTITIES)


def _of_operations(needs: Iterable[Need]) -> Iterator[str]:
    """`erp.sales-orders.create` is about orders."""
    for need in needs:
        for operation in need.operations:
            for part in operation.split(".")[1:-1]:
                name = part.rsplit("-", 1)[-1].removesuffix("s")
                if name in ENTITIES:
                    yield name
