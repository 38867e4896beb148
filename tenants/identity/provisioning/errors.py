from __future__ import annotations

from infra.problems import Conflict, NotFound


class NoDirectory(Conflict):
    """No identity provider of these people provisions them. Name the one that does, then send again."""

    name = "no-directory"
    title = "No identity provider provisions these people"


class UnknownPerson(NotFound):
    """Nobody of this id whom the directory provisions here."""


class UnknownGroup(NotFound):
    """No role of this id that these people may have."""


class PersonTaken(Conflict):
    """Somebody here has this user name, or this external id. Find them by it, or send another."""

    name = "person-taken"
    title = "Somebody here is called so"


class HasPassword(Conflict):
    """The person has a password here, for when the provider is away. An account is provisioned, or has a password."""

    name = "has-password"
    title = "This account has a password"
