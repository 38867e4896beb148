"""A secret in memory. It can be used, and nothing else: not shown, not formatted, not stored by accident (S-73)."""

from __future__ import annotations

from typing import ClassVar, Final, NoReturn, Self

from infra.problems import Problem

MIN_LENGTH: Final = 8
_SHOWN: Final = "Secret(set)"


class SecretTooShort(Problem):
    """The secret has fewer than 8 characters, so it could not be found in a text without blanking everything (S-74)."""

    name: ClassVar[str] = "secret-too-short"
    title: ClassVar[str] = f"A secret needs at least {MIN_LENGTH} characters"
    status: ClassVar[int] = 422


class SecretLeakError(TypeError):
    """Code tried to turn a secret into bytes that leave the process. A defect in the caller; never caught."""


class Secret:
    """A secret text. `reveal()` is the only way to its value, so that a search for it finds every use.

    Raises:
        SecretTooShort: fewer than 8 characters.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        if len(value) < MIN_LENGTH:
            raise SecretTooShort
        self.__value = value

    @classmethod
    def of_bytes(cls, value: bytes) -> Self:
        """The secret whose UTF-8 bytes are `value`."""
        return cls(value.decode())

    def reveal(self) -> str:
        return self.__value

    @property
    def last4(self) -> str:
        """The end of it, for a person who compares; nothing of one that has fewer than 16 characters."""
        return self.__value[-4:] if len(self.__value) >= 2 * MIN_LENGTH else ""

    def __repr__(self) -> str:
        return _SHOWN

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return _SHOWN

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise SecretLeakError("A secret is never pickled or copied")

    def __bytes__(self) -> NoReturn:
        raise SecretLeakError("A secret is no bytes; seal it")

    def __iter__(self) -> NoReturn:
        raise SecretLeakError("A secret is no text")
