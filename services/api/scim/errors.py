"""Errors as SCIM has them (RFC 7644, 3.12): the same problems in another form, whoever finds them."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from infra.problems import BadRequest, Invalid, Problem

PREFIX: Final = "/scim/v2"
MEDIA_TYPE: Final = "application/scim+json"
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
_BAD_REQUEST: Final = 400
# Problems of the rest of the product that SCIM has a word for.
_TYPES: Final = {
    "bad-parameter": "invalidValue",
    "unknown-parameter": "invalidValue",
    "invalid-payload": "invalidValue",
    "malformed-body": "invalidSyntax",
    "person-taken": "uniqueness",
    "has-password": "uniqueness",
}


class ScimProblem(BadRequest):
    """A request of a directory that cannot be done as it is; `detail` says what to correct."""

    name = "scim-request"
    title = "The directory's request cannot be taken"
    scim_type: ClassVar[str] = "invalidValue"


class InvalidSyntax(ScimProblem):
    """The body is no message of SCIM. Send what RFC 7644 has for this request."""

    name = "scim-syntax"
    title = "This is no message of SCIM"
    scim_type = "invalidSyntax"


class InvalidValue(ScimProblem):
    """An attribute that is needed is missing, or has a value that it may not have; `detail` names it."""

    name = "scim-value"
    title = "An attribute has a wrong value"


class InvalidFilter(ScimProblem):
    """The filter is not one that is offered: attributes with `eq`, joined by `and`."""

    name = "scim-filter"
    title = "The filter is not offered"
    scim_type = "invalidFilter"


class InvalidPath(ScimProblem):
    """The path of an operation names no attribute of the resource."""

    name = "scim-path"
    title = "The path names nothing"
    scim_type = "invalidPath"


class Immutable(ScimProblem):
    """The attribute is not the directory's to change, or not to be left out."""

    name = "scim-mutability"
    title = "This attribute stays"
    scim_type = "mutability"


def is_scim(path: str) -> bool:
    """Whether a path is answered in SCIM's form, errors included."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def document_of(problem: Problem) -> dict[str, Any]:
    """The members that SCIM knows, and no others: its clients read them strictly."""
    wrong = [f"{one['pointer']}: {one['detail']}" for one in problem.extensions.get("errors", ())]
    found = {"schemas": [ERROR], "status": str(status_of(problem)), "detail": "; ".join(wrong) or problem.detail}
    scim_type = problem.scim_type if isinstance(problem, ScimProblem) else _TYPES.get(problem.name)
    return found if scim_type is None else {**found, "scimType": scim_type}


def status_of(problem: Problem) -> int:
    """SCIM has no 422: a value that breaks a rule is 400 `invalidValue`."""
    return _BAD_REQUEST if problem.status == Invalid.status else problem.status
