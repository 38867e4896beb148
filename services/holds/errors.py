from __future__ import annotations

from infra.problems import Conflict, Forbidden, Invalid


class UnknownHoldType(Invalid):
    """The environment has no holds of this type. Name one of `GET /hold-types`, or set it there first."""

    name = "unknown-hold-type"
    title = "There is no such type of hold"


class InvalidHoldTypes(Invalid):
    """The list of types breaks a rule; `errors` says where."""

    name = "invalid-hold-types"
    title = "The types of holds are not complete"


class OtherCustomer(Conflict):
    """The order is known to be another customer's. Name that one, or none; nothing was changed."""

    name = "other-customer"
    title = "The order is another customer's"


class OtherFacts(Conflict):
    """The same is held by facts, or for a decision, that cannot be compared with these. Clear that hold first.

    Nothing was changed.
    """

    name = "other-facts"
    title = "It is held by other facts"


class TooManyNamed(Conflict):
    """So many people are named with it, or raised it, that no more are kept. Clear that hold first; nothing changed."""

    name = "too-many-named"
    title = "Too many people are named with it"


class HoldClosed(Conflict):
    """Somebody cleared or overrode it. Read it: `status`, `cleared_by` and `why` say who, and why."""

    name = "hold-closed"
    title = "The hold is not active any more"


class HoldChanged(Conflict):
    """Something happened to it since it was read. Read it again and decide."""

    name = "hold-changed"
    title = "The hold has changed"


class HoldNotYours(Forbidden):
    """Who may decide about it is somebody else; `detail` says why you are not. Nothing changed."""

    name = "hold-not-yours"
    title = "Somebody else decides about this hold"


class AlreadyAgreed(Conflict):
    """You have agreed to this already. It goes on when somebody else has, too."""

    name = "hold-already-agreed"
    title = "You have agreed to this already"


class SoldByAnother(Conflict):
    """The run has not taken this order up, or another one has since: the sale that it made is one too many.

    A person calls one of the two back; nothing was changed.
    """

    name = "sold-by-another"
    title = "Another run sells this order"
