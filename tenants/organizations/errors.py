from __future__ import annotations

from infra.problems import Conflict, Forbidden, Invalid, NotFound


class SlugTaken(Conflict):
    """Another one has this slug. The caller chooses another, or finds the existing one by it."""

    name = "slug-taken"
    title = "This slug is in use"


class PartnerDisabled(Conflict):
    """The partner is disabled, so nothing may be added to it. Enable it first."""

    name = "partner-disabled"
    title = "The partner is disabled"


class ClientSuspended(Forbidden):
    """The client is suspended: what it has can be read, and nothing is taken in or changed. Ask its provider.

    Nothing of the request was stored. What was under way before goes on when the client is resumed.
    """

    name = "client-suspended"
    title = "The client is suspended"


class ClientStands(Conflict):
    """The client is in another state than this needs; `detail` says in which, and what comes first."""

    name = "client-state"
    title = "The client's state forbids this"


class EnvironmentTaken(Conflict):
    """The client has an environment of this name, or the name is one that addresses need. Choose another."""

    name = "environment-taken"
    title = "This environment is there already"


class UnknownSite(NotFound):
    """No such site of this environment."""


class SiteDisabled(Conflict):
    """The site is disabled, so nothing is deployed for it. Enable it first."""

    name = "site-disabled"
    title = "The site is disabled"


class AccountsTaken(Conflict):
    """People of the client have accounts of the same address at the other partner. Disable or rename those first."""

    name = "accounts-taken"
    title = "The other partner has accounts of these addresses"


class NotDeleted(NotFound):
    """The client was not deleted, or the caller may not see it."""


class HostTaken(Conflict):
    """Another partner has this host. Use another, or take it from that partner first."""

    name = "host-taken"
    title = "This host is in use"


class UnknownHost(NotFound):
    """No partner has this host."""


class DomainClaimed(Conflict):
    """You claimed this domain already. Read it: it says what is to be done."""

    name = "domain-claimed"
    title = "You have claimed this domain"


class TooManyClaims(Conflict):
    """Give back a domain that is not needed any more."""

    name = "too-many-domains"
    title = "There are too many domains"


class UnknownDomain(NotFound):
    """No such domain that this caller claimed."""


class UnknownPartner(NotFound):
    """No such partner that this caller may see."""


class UnknownClient(NotFound):
    """No such client that this caller may see."""


class InvalidField(Invalid):
    """One field breaks a rule; `errors` names it, and where there are several rules says which by its `reason`."""

    def __init__(self, pointer: str, detail: str, *, reason: str | None = None) -> None:
        told = {} if reason is None else {"reason": reason}
        super().__init__(detail, errors=[{"pointer": pointer, "detail": detail, **told}])


class QuotaAboveOwn(Conflict):
    """Nobody has more than somebody above has for all that is below. Set less, or have that one set higher."""

    name = "quota-above-own"
    title = "The quota is above your own"
