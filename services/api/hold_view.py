"""A hold as the API shows it, and the words that its routes share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from infra import ids
from services.api.call import Call, Payloads
from services.api.client_network import network_of
from services.api.fields import Instant
from services.api.run_view import RunValue
from services.holds.authority import Decider
from services.holds.reading import Status
from services.holds.telling import PREFIX
from template_library.holds import Key, Line, Site, Word

HoldId = Annotated[str, Meta(examples=["hld_01h455vb4pex5vsknk084sn02q"])]
OrderKey = Annotated[Key, Meta(description="The order, by the number that people know it by.", examples=["SO-10482"])]
CustomerKey = Annotated[
    Key, Meta(description="The customer, by the number that people know it by.", examples=["C-1001"])
]
TypeName = Annotated[Word, Meta(description="One of the environment's types of holds.", examples=["credit"])]
ReasonCode = Annotated[Word, Meta(description="A code that says why.", examples=["limit-exceeded"])]
RoleSlug = Annotated[Word, Meta(description="Slug of the role that looks after it.", examples=["credit-manager"])]
LineOf = Annotated[Line, Meta(description="Line of the order; null: the whole order.")]
SiteSlug = Annotated[Site, Meta(description="Slug of the site that the order goes out of.", examples=["depot"])]
Why = Annotated[
    str, Meta(min_length=1, max_length=2_000, pattern=r"^[^\x00]*\S[^\x00]*$", description="Why; it is kept with it.")
]


class HoldView(msgspec.Struct, frozen=True, kw_only=True):
    """Why an order may not go out now. One on a customer keeps all of its orders."""

    id: HoldId
    on: Literal["order", "customer"]
    order: Annotated[str | None, Meta(description="Null of a hold on a customer.")]
    line: Annotated[str | None, Meta(description="Line of the order; null: the whole order.")]
    customer: Annotated[str | None, Meta(description="Whose order it is; null where nobody said.")]
    site: str | None
    type: TypeName
    reason: ReasonCode
    words: Annotated[str | None, Meta(description="Why, in words. Null for who may not see payloads whole.")]
    role: RoleSlug
    due: Annotated[Instant | None, Meta(description="Until when somebody is to decide.")]
    value: Annotated[RunValue | None, Meta(description="At risk while it stands.")]
    status: Status
    run: Annotated[str | None, Meta(description="Id of the run that raised it.")]
    raised_by: str
    raisers: Annotated[
        list[str], Meta(description="Who raised it, the first one first: none of them decides where a duty says so.")
    ]
    facts: Annotated[
        dict[str, Any] | None,
        Meta(description="That the authority judges by. Null for who may not see payloads whole."),
    ]
    raised_at: Instant
    after_release: Annotated[bool, Meta(description="The order had been let go when it was raised.")]
    agreed: Annotated[list[str], Meta(description="Who agreed, where the authority is asked.")]
    cleared_by: str | None
    cleared_at: Instant | None
    why: Annotated[str | None, Meta(description="Of its clearing. Null for who may not see payloads whole.")]
    version: Annotated[int, Meta(description="Raised with each change. Send it as `seen`.")]


class _Agreed(msgspec.Struct, frozen=True):
    by: str


def view(row: Any, payloads: Payloads) -> HoldView:
    """A row of `services.holds.reading`, with as much of people's words as the caller may see."""
    is_order = row["kind"] == "order"
    agreed = msgspec.convert(row["consents"], list[_Agreed])
    same = ("customer", "site", "type", "reason", "due", "status", "raised_by", "raisers", "raised_at", "after_release")
    return HoldView(
        id=ids.show(PREFIX, row["hold_id"]),
        on=row["kind"],
        order=row["key"] if is_order else None,
        line=row["line"] or None,
        words=row["words"] if payloads == "whole" else None,
        facts=row["facts"] if payloads == "whole" else None,
        role=row["owner_role"],
        value=None if row["value"] is None else RunValue(amount=row["value"], currency=row["currency"]),
        run=None if row["run_id"] is None else ids.show("run", row["run_id"]),
        agreed=[one.by for one in agreed],
        cleared_by=row["cleared_by"],
        cleared_at=row["cleared_at"],
        why=row["why"] if payloads == "whole" else None,
        version=row["version"],
        **{name: row[name] for name in same},
    )


def decider(request: Call) -> Decider:
    """Who makes the call; an account only of a person who signed in and acts for nobody else."""
    who = request.principal
    network = network_of(request.scope, request.resources.settings.trusted_proxies) or None
    return Decider(actor=who.actor, account=None if who.is_acting else who.account_id, network=network)
