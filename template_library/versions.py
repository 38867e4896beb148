"""Semantic versions (semver.org 2.0.0): 1.10.0 is newer than 1.9.0, and 1.0.0-rc.1 older than 1.0.0."""

from __future__ import annotations

import re
from functools import total_ordering
from typing import Final

import msgspec

_LONGEST: Final = 64
_FORM: Final = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?",
    re.ASCII,
)


class MalformedVersion(ValueError):
    """The text is no semantic version of at most 64 characters. Write three numbers, such as 1.4.0."""


@total_ordering
class Version(msgspec.Struct, frozen=True, eq=False):
    """Equal and ordered by precedence (section 11): build metadata counts for neither."""

    major: int
    minor: int
    patch: int
    pre_release: tuple[str, ...] = ()
    build: str = ""

    def _rank(self) -> tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]:
        parts = tuple(
            (not part.isdigit(), int(part) if part.isdigit() else 0, "" if part.isdigit() else part)
            for part in self.pre_release
        )
        return (self.major, self.minor, self.patch, not parts, parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._rank() == other._rank()

    def __lt__(self, other: Version) -> bool:
        return self._rank() < other._rank()

    def __hash__(self) -> int:
        return hash(self._rank())

    def __str__(self) -> str:
        pre = f"-{'.'.join(self.pre_release)}" if self.pre_release else ""
        return f"{self.major}.{self.minor}.{self.patch}{pre}{f'+{self.build}' if self.build else ''}"


def parse(text: str) -> Version:
    """The version in `text`.

    Raises:
        MalformedVersion: `1.0`, `v1.0.0`, leading zeros, or more than 64 characters.
    """
    match = _FORM.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise MalformedVersion(text[:_LONGEST])
    major, minor, patch, pre, build = match.groups()
    return Version(int(major), int(minor), int(patch), tuple(pre.split(".")) if pre else (), build or "")
