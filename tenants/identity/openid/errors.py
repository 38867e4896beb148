from __future__ import annotations

from infra.problems import BadRequest, Forbidden, NotFound, Problem


class UnknownProvider(NotFound):
    """No such provider here, or it is disabled."""


class SignInStale(BadRequest):
    """This return from a provider was begun in another browser, is older than ten minutes, or was used. Begin anew."""

    name = "sign-in-stale"
    title = "This sign-in is over"


class ProviderRefused(Problem):
    """The provider did not vouch for the person, or not in a way that can be believed. Begin anew, or ask its keeper.

    `reason` says which check failed, for the audit and the operator; it holds nothing of the answer's.
    """

    name = "provider-refused"
    title = "The sign-in at your provider did not succeed"
    status = 401

    def __init__(self, reason: str) -> None:
        super().__init__("Begin anew; when that does not help, ask whoever keeps your sign-in provider", reason=reason)
        self.reason = reason


class ProviderAway(Problem):
    """The provider does not answer, or not as an OpenID provider does. Try again later, or sign in in another way."""

    name = "provider-away"
    title = "Your sign-in provider does not answer"
    status = 502


class LogoutRefused(BadRequest):
    """A provider's word that a session ended is not believed: no logout token of its own, too old, or told before.

    `reason` says which check failed. Nothing was ended.
    """

    name = "logout-refused"
    title = "No session was ended"

    def __init__(self, reason: str) -> None:
        detail = "Send a logout token of OpenID Connect Back-Channel Logout 1.0, once"
        super().__init__(detail, reason=reason, error="invalid_request")


class NobodyHere(Forbidden):
    """The provider vouches for the person, and nobody has let them in here. Ask for an invitation."""

    name = "nobody-here"
    title = "You have no account here"
