"""What a try to sign in counts against, and how many each of them allows in fifteen minutes (S-66, ADR 0016)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

import msgspec

WINDOW: Final = timedelta(minutes=15)
DEVICE_ADDRESS: Final = 10
NETWORK_ADDRESS: Final = 10
NETWORK: Final = 30
ADDRESS: Final = 100
HOST: Final = 1_000
LEAVING: Final = 300
CODE: Final = 10
LOGOUTS: Final = 1_000
LINKS: Final = 100


class Budget(msgspec.Struct, frozen=True):
    """At most `limit` tries of `subject` in a window. Of a `shared` one a success returns its own try and no more."""

    subject: bytes
    limit: int
    shared: bool = False


def of_device(host: str, address: str, device: str) -> tuple[Budget, ...]:
    """Of a browser that the account has signed in with: nobody else can use it up."""
    return (Budget(_subject("device", host, device, address), DEVICE_ADDRESS),)


def of_stranger(host: str, address: str, network: str) -> tuple[Budget, ...]:
    """Of anybody else: by address and network, by network, by address, and by host."""
    return (
        Budget(_subject("network-address", host, network, address), NETWORK_ADDRESS),
        Budget(_subject("network", host, network), NETWORK, shared=True),
        Budget(_subject("address", host, address), ADDRESS),
        Budget(_subject("host", host), HOST, shared=True),
    )


def of_leaving(host: str, network: str) -> tuple[Budget, ...]:
    """Of browsers of a network that leave for a provider, or open an invitation."""
    return (Budget(_subject("leaving", host, network), LEAVING),)


def of_logouts(host: str, network: str) -> tuple[Budget, ...]:
    """Of servers of a network that tell of sessions which ended at their provider; what is believed does not count."""
    return (Budget(_subject("logouts", host, network), LOGOUTS),)


def of_links(host: str, network: str) -> tuple[Budget, ...]:
    """Of browsers of a network that come by the text of a mailed link; one that is right does not count."""
    return (Budget(_subject("links", host, network), LINKS),)


def of_codes(account: str) -> tuple[Budget, ...]:
    """Of second factors that somebody tries who knows the first: wherever they are, since they guess at six digits."""
    return (Budget(_subject("code", account), CODE),)


def _subject(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).digest()
