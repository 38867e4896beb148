from __future__ import annotations

from infra.problems import Conflict, Forbidden, Invalid, NotFound


class UnknownWorkflow(NotFound):
    """The tenant published no such workflow version. The caller lists its workflows."""


class UnknownDeployment(NotFound):
    """The tenant has no such deployment. The caller lists its deployments."""


class UnknownRevision(LookupError):
    """The tenant has no such revision: a defect, since runs are started from revisions that exist."""


class InvalidDocument(Invalid):
    """The text is no workflow that can be run. `errors` lists `{pointer, line, column, detail}`."""

    name = "invalid-document"
    title = "The workflow document breaks a rule"


class VersionTaken(Conflict):
    """This version was published with another text. Give the changed document a new version."""

    name = "version-taken"
    title = "A published version never changes"


class OwnersMissing(Conflict):
    """Nothing goes live without owners and deputies. Name those in `errors` (`PUT /owners`) and send again."""

    name = "owners-missing"
    title = "Owners are missing"


class OwnerNeeded(Conflict):
    """Something that is live needs this owner. Name somebody else in the same seat."""

    name = "owner-needed"
    title = "The owner is needed"


class InvalidOwner(Invalid):
    """The seat, its owner or its deputy is none. `errors` names the member."""

    name = "invalid-owner"
    title = "Nobody can answer for this"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer}: {detail}", errors=[{"pointer": pointer, "detail": detail}])


class UnknownGroup(NotFound):
    """The tenant has no such connection group. The caller lists its groups."""


class InvalidGroup(Invalid):
    """A rule leads to no connection that can be called, or no call comes to it. `errors` lists `{pointer, detail}`."""

    name = "invalid-connection-group"
    title = "The rules of the connection group do not fit"


class InvalidDeployment(Invalid):
    """The workflow, its parameters and its connections do not fit together. `errors` lists `{pointer, detail}`."""

    name = "invalid-deployment"
    title = "The deployment does not fit its workflow"


class UnknownPromotion(NotFound):
    """The tenant has no such promotion. The caller lists its promotions."""


class PromotionDecided(Conflict):
    """Somebody was faster. Read the promotion: it says who, and what was decided."""

    name = "promotion-decided"
    title = "The promotion is decided already"


class SecondPersonNeeded(Forbidden):
    """Who proposed it, or made the key that did, does not approve it. Ask another person who may deploy here."""

    name = "second-person-needed"
    title = "A second person has to approve this"
