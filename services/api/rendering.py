"""Turns every exception into the one form of an error, once (house rule 6)."""

from __future__ import annotations

import logging
import re
from typing import Any, Final

import msgspec
from litestar import MediaType, Response
from litestar.connection import Request
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    ValidationException,
)

from infra.database import is_outage
from infra.problems import BadRequest, NotFound, Problem, Unauthorized, Unavailable
from services.api.errors import BadParameter, MalformedBody, MethodNotAllowed, TooLarge, UnsupportedMediaType
from services.api.kept_answers import REPLAYED, Replayed
from services.api.scim import errors as scim

LOG: Final = logging.getLogger("api")
_ENCODER: Final = msgspec.json.Encoder(enc_hook=str)
_OURS: Final = "Something failed on our side. Tell your support this request's id."
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def problem_of(error: BaseException) -> Problem:
    """The problem that a caller is told for `error`. What is not expected says nothing about itself."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, MethodNotAllowedException):
        offered = (error.headers or {}).get("allow", "")
        return MethodNotAllowed(name for name in offered.split(", ") if name and name != "OPTIONS")
    if isinstance(error, ValidationException):
        return _bad_parameter(error)
    if isinstance(error, HTTPException):
        return _from_framework(error)
    if is_outage(error):
        return Unavailable("The database does not answer; nothing was stored", retry_after=2)
    return Problem(_OURS)


def _bad_parameter(error: ValidationException) -> Problem:
    # Bodies are read by `services.api.bodies`, so what the framework finds wrong stands in the query.
    problems: Any = error.extra if isinstance(error.extra, list) else []
    first: Any = problems[0] if problems else {}
    key = str(first.get("key", ""))
    if key == "data":
        return MalformedBody("Send a JSON body")
    parameter = key if _NAME.fullmatch(key) else "?"
    return BadParameter(f"Parameter '{parameter}': {first.get('message', 'not valid')}", parameter=parameter)


def _from_framework(error: HTTPException) -> Problem:
    kinds: tuple[type[Problem], ...] = (BadRequest, Unauthorized, NotFound, TooLarge, UnsupportedMediaType)
    return next((kind() for kind in kinds if kind.status == error.status_code), Problem(_OURS))


class Rendered(msgspec.Struct, frozen=True):
    status: int
    media_type: str
    body: bytes


def rendered(problem: Problem, request_id: str, path: str) -> Rendered:
    """A problem as whoever asked for `path` reads it."""
    if scim.is_scim(path):
        return Rendered(scim.status_of(problem), scim.MEDIA_TYPE, _ENCODER.encode(scim.document_of(problem)))
    body = _ENCODER.encode({**problem.document(), "request_id": request_id})
    return Rendered(problem.status, problem.media_type, body)


def render(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The answer to `error`; logs what is ours to repair."""
    if isinstance(error, Replayed):
        return Response(error.body, status_code=error.status, media_type=MediaType.JSON, headers={REPLAYED: "true"})
    problem = problem_of(error)
    request_id = request.scope["state"].get("request_id", "")
    note(problem, error, request_id)
    found = rendered(problem, request_id, request.scope["path"])
    return Response(found.body, status_code=found.status, media_type=found.media_type, headers=dict(problem.headers))


def note(problem: Problem, error: BaseException, request_id: str) -> None:
    """Log a defect with its trace, an outage with its kind."""
    if problem.status == Problem.status:
        LOG.error("request failed", exc_info=error, extra={"request_id": request_id})
    elif problem.status == Unavailable.status:
        LOG.warning("request refused: %s", type(error).__name__, extra={"request_id": request_id})
