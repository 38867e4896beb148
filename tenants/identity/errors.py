from __future__ import annotations

from infra.problems import Conflict, Forbidden, NotFound


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
