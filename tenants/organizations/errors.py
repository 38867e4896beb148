from __future__ import annotations

from infra.problems import Conflict, Invalid, NotFound


class SlugTaken(Conflict):
    """Another one has this slug. The caller chooses another, or finds the existing one by it."""

    name = "slug-taken"
    title = "This slug is in use"


class PartnerDisabled(Conflict):
    """The partner is disabled, so nothing may be added to it. Enable it first."""

    name = "partner-disabled"
    title = "The partner is disabled"


class HostTaken(Conflict):
    """Another partner has this host. Use another, or take it from that partner first."""

    name = "host-taken"
    title = "This host is in use"


class UnknownHost(NotFound):
    """No partner has this host."""


class UnknownPartner(NotFound):
    """No such partner that this caller may see."""


class UnknownClient(NotFound):
    """No such client that this caller may see."""


class InvalidField(Invalid):
    """One field breaks a rule; `errors` names it."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail, errors=[{"pointer": pointer, "detail": detail}])


class QuotaAboveOwn(Conflict):
    """An environment has no more than all of the partner's have together. Set less, or ask the operator for more."""

    name = "quota-above-own"
    title = "The quota is above your own"
