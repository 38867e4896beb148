"""The problems that only the HTTP edge knows."""

from __future__ import annotations

import math
from collections.abc import Iterable

from infra.problems import BadRequest, Forbidden, Problem


class UnknownParameter(BadRequest):
    """The query holds a parameter that this route does not know, or one twice. Misspelt filters never pass."""

    name = "unknown-parameter"
    title = "The query holds an unknown parameter"


class BadParameter(BadRequest):
    """A query parameter has a value that it may not have; `parameter` names it."""

    name = "bad-parameter"
    title = "A query parameter has a wrong value"


class MalformedBody(BadRequest):
    """The body is not exactly one JSON text that is accepted here. Correct it and send again."""

    name = "malformed-body"
    title = "The body cannot be read"


class BadIdempotencyKey(BadRequest):
    """The header `Idempotency-Key` is not one string of 1 to 255 visible characters. Nothing was done."""

    name = "bad-idempotency-key"
    title = "The Idempotency-Key cannot be read"


class IdempotencyKeyReused(Problem):
    """The key came within 24 hours with another body or query. Send that one again, or give this one its own key."""

    name = "idempotency-key-reused"
    title = "This Idempotency-Key belongs to another request"
    status = 422


class NoKeptAnswer(Problem):
    """The request was done before, and its answer is not kept any more. Read what it made; nothing was done now."""

    name = "no-kept-answer"
    title = "The answer is not kept any more"
    status = 409


class BadIfMatch(BadRequest):
    """The header `If-Match` is neither `*` nor a list of entity tags as `ETag` has them. Nothing was changed."""

    name = "bad-if-match"
    title = "The If-Match cannot be read"


class BadActiveSeconds(BadRequest):
    """The header `Active-Seconds` is not one whole number of seconds. Nothing was done; it may be left out."""

    name = "bad-active-seconds"
    title = "The Active-Seconds cannot be read"


class PreconditionFailed(Problem):
    """Somebody changed the resource since the version that `If-Match` names. Read it again; nothing was changed."""

    name = "precondition-failed"
    title = "The resource is another version now"
    status = 412


class NeedsClientGrant(Forbidden):
    """The data belongs to the client, and a key from above it reads them only under the client's own grant."""

    name = "client-grant-needed"
    title = "This needs the client's grant"


class NetworkNotAllowed(Forbidden):
    """The key is good, and may not be used from where it was sent. Its holder knows from where it may."""

    name = "network-not-allowed"
    title = "The key may not be used from here"


class MethodNotAllowed(Problem):
    """The path exists, but not with this method. The header `Allow` names those that it has."""

    name = "method-not-allowed"
    title = "This method is not offered here"
    status = 405

    def __init__(self, allowed: Iterable[str]) -> None:
        super().__init__(headers={"Allow": ", ".join(sorted(set(allowed)))})


class TooManyRequests(Problem):
    """More requests came than are allowed at once. Nothing was done; send again after `Retry-After` seconds."""

    name = "too-many-requests"
    title = "Too many requests"
    status = 429

    def __init__(self, detail: str, wait: float) -> None:
        super().__init__(detail, headers={"Retry-After": str(max(math.ceil(wait), 1))})


class TooManyStreams(Problem):
    """The tenant follows as many streams of changes as it may. Close one, or share one between its readers."""

    name = "too-many-streams"
    title = "Too many streams are open"
    status = 429

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"Retry-After": "5"})


class RequestTimeout(Problem):
    """The body did not arrive within 15 seconds. Nothing was stored; send again."""

    name = "request-timeout"
    title = "The body arrived too slowly"
    status = 408


class TooLarge(Problem):
    """The body exceeds the limit that `detail` names. Nothing was stored; send less, or keep large data elsewhere."""

    name = "too-large"
    title = "The body is too large"
    status = 413


class UnsupportedMediaType(Problem):
    """The body is of a type, or compressed in a way, that this route does not read. `detail` names what it reads."""

    name = "unsupported-media-type"
    title = "This media type is not read here"
    status = 415


class ViewerNotBuilt(Problem):
    """The documentation's files are missing from this installation. The operator builds them once, as `detail` says."""

    name = "viewer-not-built"
    title = "The documentation viewer is not built"
    status = 503
