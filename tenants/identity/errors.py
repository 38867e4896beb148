from __future__ import annotations

from infra.problems import Conflict, Forbidden, NotFound, Problem, Unauthorized


class UnknownKey(NotFound):
    """No such key that this caller may see."""


class NotYoursToGrant(Forbidden):
    """A key was to get a permission or a life that its maker may not give. Ask for less, or have another make it."""

    name = "not-yours-to-grant"
    title = "Nobody grants what they lack"


class KeyNotLive(Conflict):
    """The key is revoked or has expired, so it cannot be rotated. Make a new one."""

    name = "key-not-live"
    title = "The key is not live"


class KeyAlreadyRotated(Conflict):
    """The key has a successor and is ending. Rotate the successor, or make a new key."""

    name = "key-already-rotated"
    title = "The key has a successor"


class LastOperatorKey(Conflict):
    """This is the only live key of the operator; without it nobody could make another. Make the next one first."""

    name = "last-operator-key"
    title = "The last operator key stays"


class UnknownAccount(NotFound):
    """No such account that this caller may see."""


class EmailTaken(Conflict):
    """An account of this partner has the address. Find it by the address, or use another."""

    name = "email-taken"
    title = "This address is in use"


class SignInFailed(Unauthorized):
    """The address or the password is wrong, or the account is not active: which of them is not told. Try again."""

    name = "sign-in-failed"
    title = "The address or the password is wrong"


class TooManyAttempts(Problem):
    """Sign-ins of this address or from this network failed too often in 15 minutes. Wait for `Retry-After` seconds."""

    name = "too-many-attempts"
    title = "Too many attempts to sign in"
    status = 429
