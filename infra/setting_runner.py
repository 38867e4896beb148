"""The settings of the isolating runner, which starts the programs of documents outside of our processes."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from infra import setting_values as values
from infra.encryption.secret import Secret
from infra.setting_values import Definition

KINDS: Final = ("script", "shell", "container")
TOKEN: Final = 16
"""Fewest characters of a token."""


def _url(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc):
        raise ValueError(text)
    if parts.query or parts.fragment:
        raise ValueError(text)
    return text.rstrip("/")


def _token(text: str) -> Secret | None:
    if text and (len(text) < TOKEN or not text.isascii() or not text.isprintable() or " " in text):
        raise ValueError("a token")
    return Secret(text) if text else None


def _kinds(text: str) -> tuple[str, ...]:
    named = {part.strip() for part in text.split(",") if part.strip()}
    if not named or not named <= set(KINDS):
        raise ValueError(text)
    return tuple(kind for kind in KINDS if kind in named)


RUNNER: Final = (
    Definition(
        "runner_url",
        "",
        "http://host:port or https://host, perhaps with a path",
        "Isolating runner that starts the programs of `run: script`, `shell` and `container` "
        "(see docs/operator/runner.md); for API and workers alike. Empty: documents that start programs are refused.",
        _url,
    ),
    Definition(
        "runner_token",
        "",
        f"{TOKEN} characters or more, without spaces",
        "Bearer token that the runner knows us by. A runner needs one.",
        _token,
    ),
    Definition(
        "runner_kinds",
        ",".join(KINDS),
        "some of script,shell,container",
        "Kinds of programs that the runner starts; documents with another one are refused.",
        _kinds,
    ),
    Definition(
        "runner_seconds",
        "60",
        "seconds, 1 to 3600",
        "How long a program may run before the runner ends it.",
        values.seconds(1, 3600),
    ),
    Definition(
        "runner_repeats",
        "false",
        "true or false",
        "The runner keeps its keys over its own restarts, so that a request whose answer was lost is made again. "
        "Otherwise nobody knows what became of it.",
        values.switch,
    ),
)


def missing(found: dict[str, Any]) -> bool:
    """Whether there is a runner without a token."""
    return bool(found["runner_url"]) and found["runner_token"] is None
