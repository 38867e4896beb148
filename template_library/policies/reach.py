"""Where control may go from a place while nobody has approved, and what that breaks. Values."""

from __future__ import annotations

from typing import Final

import msgspec

LONGEST: Final = 60
"""Tasks of a path that are told, the first and the last."""
GAP: Final = "…"
_HEAD: Final = 20

Trail = tuple[str, ...]
"""References of the tasks that a path leads through."""


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """A guarded write that a path reaches unapproved.

    Attributes:
        reference: of the task that writes, as in a run's journal.
        domains, rules: what is written, and which rules ask for an approval of it.
        path: the tasks on the way, `reference` the last; of a long one the first and the last.
    """

    reference: str
    domains: tuple[str, ...]
    rules: tuple[str, ...]
    path: Trail

    def __str__(self) -> str:
        wrote, asked = ", ".join(self.domains), ", ".join(self.rules)
        return f"{self.reference} writes {wrote} without an approval ({asked}) by the path {' → '.join(self.path)}"


class Reach(msgspec.Struct, frozen=True):
    """Of a task or a list: by which flow directives control may leave it unapproved, and what it breaks on the way.

    References are relative to that of what it is of.
    """

    ways: dict[str, Trail] = {}
    breaches: tuple[Violation, ...] = ()

    def below(self, at: str, came: Trail = ()) -> Reach:
        """The same for what it lies in, reached by `came`."""
        ways = {then: joined(came, prefixed(at, trail)) for then, trail in self.ways.items()}
        return Reach(ways, tuple(placed(one, at, came) for one in self.breaches))

    def passes(self) -> Trail | None:
        """The way out of a list that leads on behind it."""
        return self.ways.get("continue", self.ways.get("exit"))


NOWHERE: Final = Reach()
HERE: Final = Reach({"done": ("",)})


def prefixed(at: str, trail: Trail) -> Trail:
    return tuple(one if one == GAP else at + one for one in trail)


def placed(one: Violation, at: str, came: Trail) -> Violation:
    return msgspec.structs.replace(one, reference=at + one.reference, path=joined(came, prefixed(at, one.path)))


def both(one: Violation, other: Violation) -> Violation:
    """Of the same write, by the path of the first."""
    domains, rules = {*one.domains, *other.domains}, dict.fromkeys((*one.rules, *other.rules))
    return msgspec.structs.replace(one, domains=tuple(sorted(domains)), rules=tuple(rules))


def joined(first: Trail, second: Trail) -> Trail:
    """One path behind the other; a task that both name is there once, and of a long one the middle is left out."""
    whole = (*first, *(second[1:] if first[-1:] == second[:1] else second))
    if len(whole) <= LONGEST:
        return whole
    return (*(one for one in whole[:_HEAD] if one != GAP), GAP, *(one for one in whole[-_HEAD:] if one != GAP))
