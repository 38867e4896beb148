from __future__ import annotations

from infra.problems import Conflict, Invalid, NotFound


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


class NameTaken(Conflict):
    """Another deployment has this name. Choose another name, or change that deployment."""

    name = "name-taken"
    title = "The name is taken"


class InvalidDeployment(Invalid):
    """The workflow, its parameters and its connections do not fit together. `errors` lists `{pointer, detail}`."""

    name = "invalid-deployment"
    title = "The deployment does not fit its workflow"
