from __future__ import annotations

from infra.problems import Conflict, Invalid, NotFound


class UnknownEndpoint(NotFound):
    """The tenant has no such endpoint, or the endpoint no such delivery."""


class InvalidEndpoint(Invalid):
    """The address or the types of an endpoint cannot be used. `errors` lists `{pointer, detail}`."""

    name = "invalid-webhook-endpoint"
    title = "This endpoint cannot be used"


class TooManyEndpoints(Conflict):
    """A tenant has as many endpoints as it may. Remove one, or let one endpoint take the events of two."""

    name = "too-many-webhook-endpoints"
    title = "There are as many endpoints as there may be"


class EndpointActive(Conflict):
    """An endpoint that is active is not removed, since what is on its way would be lost with it. Disable it first."""

    name = "webhook-endpoint-active"
    title = "The endpoint is active"


class EndpointDisabled(Conflict):
    """Nothing is sent to a disabled endpoint. Enable it, then send again."""

    name = "webhook-endpoint-disabled"
    title = "The endpoint is disabled"
