"""Passwords kept as argon2id (RFC 9106), made and checked off the event loop, a few at a time.

One check costs 64 MiB and some 60 ms of a processor. Whoever knocks without end finds a queue that refuses, and the
requests of everybody else go on.
"""

from __future__ import annotations

import asyncio
import base64
import os
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from infra.problems import Unavailable
from tenants.organizations.errors import InvalidField

SHORTEST: Final = 12
LONGEST: Final = 256
STRENGTH: Final = 3
"""Of zxcvbn's five grades, 0 to 4: ten to the eighth guesses at least."""
AT_ONCE: Final = 2
MOST_WAITING: Final = 32

_ESTIMATED: Final = 72
_POINTER: Final = "/password"

_WEAK: Final[Mapping[str, str]] = {
    "common": "many people use it, or one like it; use several words that do not belong together",
    "personal": "it is made of your name, your address or the name of this portal",
    "words": "use several words that do not belong together",
    "keyboard": "it follows the keys of a keyboard; use several words that do not belong together",
    "repeats": "it repeats itself; use several words that do not belong together",
    "sequence": "it counts up or down; use several words that do not belong together",
    "date": "dates and years are tried first; use several words that do not belong together",
}
"""Why a password is weak, by a word that pages have words of their own for."""
_DICTIONARIES: Final = {"passwords": "common", "user_inputs": "personal"}
_PATTERNS: Final = {
    "spatial": "keyboard", "repeat": "repeats", "sequence": "sequence", "regex": "date", "date": "date",
}  # fmt: skip

T = TypeVar("T")

_HASHER: Final = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def _nobodys() -> str:
    """A hash that no password has, of the same cost as a real one."""
    own = RFC_9106_LOW_MEMORY
    salt, digest = (base64.b64encode(os.urandom(size)).decode().rstrip("=") for size in (own.salt_len, own.hash_len))
    return f"$argon2id$v={own.version}$m={own.memory_cost},t={own.time_cost},p={own.parallelism}${salt}${digest}"


class Passwords:
    """Hashes and checks passwords for one process.

    Args:
        at_once: how many; each takes 64 MiB and a processor.
        most_waiting: how many more may wait for their turn.
    """

    def __init__(self, *, at_once: int = AT_ONCE, most_waiting: int = MOST_WAITING) -> None:
        self._threads = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="password")
        self._room = at_once + most_waiting
        self._nobodys = _nobodys()

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue, for what is hashed and checked as `placed` while the block lasts.

        Raises:
            Unavailable: too many wait.
        """
        if self._room <= 0:
            raise Unavailable("Too many sign in at once; try again", retry_after=2)
        self._room -= 1
        try:
            yield
        finally:
            self._room += 1

    async def hash(self, password: str, *, placed: bool = False) -> str:
        """What is stored for `password`. `placed`: the caller has a place.

        Raises:
            InvalidField: too short or too long.
            Unavailable: too many wait.
        """
        return await self._run(_HASHER.hash, checked(password), placed=placed)

    async def hash_new(self, password: str, words: Sequence[str] = (), *, pointer: str = _POINTER) -> str:
        """What is stored for a password that somebody chooses; `words`: what a guesser would try first, of the person.

        Raises:
            InvalidField: of `pointer`: too short, too long, or too easily guessed.
            Unavailable: too many wait.
        """
        work = partial(_hash_strong, words=tuple(words), pointer=pointer)
        return await self._run(work, checked(password, pointer), placed=False)

    async def fits(self, stored: str | None, password: str, *, placed: bool = False) -> bool:
        """Whether `stored` is of `password`. None, for nobody, takes the same time and never fits (S-65).

        Raises:
            Unavailable: too many wait.
        """
        found = await self._run(_fits, stored or self._nobodys, normal(password), placed=placed)
        return found and stored is not None

    def close(self) -> None:
        """Let go of the threads; a check under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., T], *arguments: str, placed: bool) -> T:
        with nullcontext() if placed else self.place():
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


def is_stale(stored: str) -> bool:
    """Whether `stored` was made at an earlier cost; hash the password anew while it is at hand."""
    return _HASHER.check_needs_rehash(stored)


def normal(password: str) -> str:
    """One spelling for what is typed on different keyboards (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def checked(password: str, pointer: str = _POINTER) -> str:
    """`password` in its one spelling, when it is long enough; what it is made of is its owner's affair.

    Raises:
        InvalidField: under 12 or over 256 characters.
    """
    text = normal(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise InvalidField(pointer, f"Use {SHORTEST} to {LONGEST} characters", reason="length")
    return text


def _hash_strong(password: str, words: Sequence[str], pointer: str) -> str:
    """On a thread: the estimate costs some milliseconds. What lies behind its longest text makes nothing weaker."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - 14 MB of words that only who chooses a password needs

    found = zxcvbn(password[:_ESTIMATED], user_inputs=list(words), max_length=_ESTIMATED)
    if found["score"] < STRENGTH:
        reason = _weakness(found["sequence"])
        raise InvalidField(pointer, f"This is easily guessed: {_WEAK[reason]}", reason=reason)
    return _HASHER.hash(password)


def _weakness(sequence: list[dict[str, Any]]) -> str:
    """By which the estimate guessed the longest part; one of `_WEAK`."""
    longest = max(sequence, key=lambda match: len(match["token"]))
    if longest["pattern"] == "dictionary":
        return _DICTIONARIES.get(longest["dictionary_name"], "words")
    return _PATTERNS.get(longest["pattern"], "words")


def _fits(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
