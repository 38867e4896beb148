"""How the text of a setting becomes its value. Each reader raises ValueError for a text that is none."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


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
