"""From which network a request comes: the address that connects, or what a proxy that is trusted says of it (S-66)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any, Final

from infra.setting_values import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_FORWARDED: Final = b"x-forwarded-for"
# Of IPv6 a household or a machine has a /64 at the least, with as many addresses as it likes.
_V6_PREFIX: Final = 64


def network_of(scope: Any, proxies: Sequence[Network]) -> str:
    """An IPv4 address or an IPv6 /64, as text; empty when nothing tells, as on a socket without addresses."""
    address = address_of(scope, proxies)
    return "" if address is None else _network(address)


def address_of(scope: Any, proxies: Sequence[Network]) -> Address | None:
    """The client's address; None when nothing tells.

    Args:
        scope: of the request (ASGI).
        proxies: whose `X-Forwarded-For` counts. Each adds the address that connected to it at the end, so the list is
            read from there as long as a proxy of these wrote it; what stands before is whatever the client sent.
    """
    client = scope.get("client")
    address = _address(client[0]) if client else None
    for hop in _hops(scope["headers"]):
        if address is None or not _is_in(address, proxies):
            break
        further = _address(hop)
        if further is None:
            break
        address = further
    return address


def _hops(headers: Sequence[tuple[bytes, bytes]]) -> Iterator[str]:
    """The last first. Lines of the same name are one list."""
    whole = b",".join(value for name, value in headers if name == _FORWARDED)
    return (part.strip() for part in reversed(whole.decode("latin-1").split(",")))


def _address(text: str) -> Address | None:
    """Of `1.2.3.4`, `2001:db8::1`, `[2001:db8::1]`, and the first and the last with a port."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _network(address: Address) -> str:
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, _V6_PREFIX), strict=False))
