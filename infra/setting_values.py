"""How the text of a setting becomes its value. Each reader raises ValueError for a text that is none."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Definition(msgspec.Struct, frozen=True):
    """One line of the table of settings.

    Attributes:
        field: attribute of `Settings`; the variable is `WAYBILL_` and the field in capitals. OpenTelemetry's own keep
            their standard names.
        default: text that is read when the variable is absent or empty; `{home}` stands for the data folder.
        expected: what a good value looks like, as the error says it.
        meaning: one sentence for the operator, with unit.
        read: turns text into the value, raising ValueError when it is none.
    """

    field: str
    default: str
    expected: str
    meaning: str
    read: Callable[[str], Any]

    @property
    def name(self) -> str:
        prefix = "" if self.field.startswith("otel_") else "WAYBILL_"
        return prefix + self.field.upper()


def whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    return read


def seconds(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        number = float(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    return read


def seconds_or_never(low: float, high: float) -> Callable[[str], float]:
    """0 is never."""
    within = seconds(low, high)
    return lambda text: 0.0 if text.strip() == "0" else within(text)


def switch(text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in known:
        raise ValueError(text)
    return known[text.lower()]


def url(*schemes: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text and not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(text)
        return text.rstrip("/")

    return read


def networks(text: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def level(text: str) -> str:
    if text.lower() not in {"debug", "info", "warning", "error"}:
        raise ValueError(text)
    return text.lower()


def host(text: str) -> str:
    if any(letter.isspace() or letter in "/@" for letter in text):
        raise ValueError(text)
    return text


def names(text: str) -> tuple[str, ...]:
    return tuple(host(part.strip()).lower() for part in text.split(",") if part.strip())


def folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def one_of(*known: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise ValueError(text)
        return text

    return read


def optional(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """None for an empty text."""
    return lambda text: read(text) if text else None


def pairs(text: str) -> dict[str, str]:
    """`name=value,name=value`, values percent-encoded (W3C Baggage, as OpenTelemetry writes attributes)."""
    found = {}
    for part in text.split(","):
        name, mark, value = part.partition("=")
        if part.strip() and not (mark and name.strip()):
            raise ValueError(text)
        if mark:
            found[name.strip()] = unquote(value.strip())
    return found
