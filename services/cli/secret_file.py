"""Secrets from a file, for a run on the author's machine: an object by their names. They are in no output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.encryption.secret import MIN_LENGTH, Secret
from services.connectors.sdk.redaction import hidden

_MASK = "[redacted]"


class NoSecrets(Exception):
    """The file holds no object of secrets. The message says nothing of what it holds."""


class FileSecrets:
    """`members`: each secret by its name."""

    def __init__(self, value: Any) -> None:
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            raise NoSecrets("the secrets are an object whose members have the secrets' names")
        self.members: dict[str, Any] = value
        texts = set(_texts(value))
        self._long = [Secret(text) for text in sorted(texts, key=len, reverse=True) if len(text) >= MIN_LENGTH]
        self._short = {text for text in texts if len(text) < MIN_LENGTH}

    def hide(self, value: Any) -> Any:
        """The JSON `value` without them: long ones in every common form, short ones where they are a whole text."""
        return self._whole(hidden(value, self._long)) if self._short else hidden(value, self._long)

    def _whole(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._whole(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self._whole(member) for member in value]
        return _MASK if isinstance(value, str) and value in self._short else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)
    elif isinstance(value, str) and value:
        yield value
