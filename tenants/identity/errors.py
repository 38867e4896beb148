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


class UnknownRole(NotFound):
    """No such role that this caller may see, or none that these people may have."""


class RoleTaken(Conflict):
    """A role of the same owner and level has the slug. Use another, or change that one."""

    name = "role-taken"
    title = "A role has this slug"


class RoleOfTheProduct(Conflict):
    """The role belongs to somebody above; it may be given and not changed. Make one of your own."""

    name = "role-not-yours"
    title = "This role is not yours to change"


class NotYoursToManage(Forbidden):
    """The account holds more than the caller does; whoever changed it could become it. Have somebody above do it."""

    name = "not-yours-to-manage"
    title = "This account holds more than you"


class LastAdministrator(Conflict):
    """Nobody else there could let people in. Give another active account `people:write` first."""

    name = "last-administrator"
    title = "The last administrator stays"


class SecondFactorNeeded(Unauthorized):
    """The first factor is right and the account has a second one. Send both again, with a code."""

    name = "second-factor-needed"
    title = "A code is needed, too"


class SecondFactorFailed(Unauthorized):
    """The code is wrong, or was used before. Wait for the next one."""

    name = "second-factor-failed"
    title = "The code is wrong"


class SecondFactorSet(Conflict):
    """The account has a second factor. Remove it first."""

    name = "second-factor-set"
    title = "A second factor is set"


class PasskeyRefused(Unauthorized):
    """The passkey is unknown here, signed something else, or was copied. Begin anew, or sign in in another way."""

    name = "passkey-refused"
    title = "This passkey does not open"


class UnknownPasskey(NotFound):
    """The account has no such passkey."""


class ProofNeeded(Forbidden):
    """What is asked for is dangerous, and the person proved who they are over ten minutes ago. Prove it again."""

    name = "proof-needed"
    title = "Prove again that it is you"


class SignsInAtProvider(Conflict):
    """A directory provisions the account, so it signs in at that directory's provider and in no other way."""

    name = "signs-in-at-provider"
    title = "This account signs in at its provider alone"


class InvitationOver(NotFound):
    """No invitation of this text here: it was withdrawn, accepted, or is too old. Ask for another."""

    name = "invitation-over"
    title = "This invitation is over"
