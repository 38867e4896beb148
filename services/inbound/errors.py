from __future__ import annotations

from infra.problems import BadRequest, Conflict, Invalid, NotFound, Problem, Unavailable


class UnknownHook(NotFound):
    """The tenant has no such endpoint for webhooks, or has deleted it."""


class UnknownReceived(NotFound):
    """The endpoint has received no such request, or keeps it no more."""


class TooManyHooks(Conflict):
    """The environment has as many endpoints for webhooks as it may. Delete one that nobody sends to."""

    name = "too-many-webhooks"
    title = "No further endpoint for webhooks is made"


class InvalidHook(Invalid):
    """What is declared of the endpoint does not go together; `errors` says where. Nothing was changed."""

    name = "invalid-webhook"
    title = "The endpoint cannot be declared like this"


class WebhookNotVerified(Problem):
    """The request does not prove that it is from the sender. Nothing was stored.

    Sign its bytes as they are sent, with the endpoint's secret, at the present time.
    """

    name = "webhook-not-verified"
    title = "The webhook is not verified"
    status = 401


class WebhookGone(Problem):
    """The sender is proven, and the endpoint takes nothing any more. Stop sending."""

    name = "webhook-gone"
    title = "This endpoint takes nothing any more"
    status = 410


class WebhookSecretUnreadable(Unavailable):
    """The endpoint's secret cannot be read now, so that nothing is verified and nothing taken. Send again later."""

    name = "webhook-secret-unreadable"
    title = "The webhook cannot be verified now"


class MalformedWebhook(BadRequest):
    """The body is not exactly one JSON text that is accepted here. It is kept as refused."""

    name = "malformed-webhook"
    title = "The webhook's body cannot be read"


class WebhookNotMapped(Invalid):
    """What the endpoint reads its event from is not in the request; `errors` says what. It is kept as refused."""

    name = "webhook-not-mapped"
    title = "The webhook makes no event"


class WebhookIdReused(Conflict):
    """The sender has used this id for another body. Nothing was taken; give the new webhook its own id."""

    name = "webhook-id-reused"
    title = "This webhook's id belongs to another one"


class AlreadyReceived(Exception):
    """Another request of this id was stored meanwhile. The caller reads what became of that one; nothing was stored."""
