"""Which addresses may be called: the rule of `docs/architecture.md`, Egress. Pure; the guard asks it at each connect.

`ipaddress.is_global` alone is not enough: on Python 3.11.7 it says yes to 192.0.0.192, 168.63.129.16, multicast,
NAT64, 6to4, `::a.b.c.d`, fec0:: and 3fff::, each of which reaches a metadata service or the inside of a network.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """CIDR texts as networks.

    Raises:
        ValueError: a text is no network, or has host bits set.
    """
    return tuple(ip_network(text) for text in texts)


NOT_PUBLIC: Final = networks(
    (
        "192.0.0.0/24",  # protocol assignments; 192.0.0.192 is a cloud's metadata service
        "168.63.129.16/32",  # a cloud's wire server
        "192.88.99.0/24",  # 6to4 relays
        "100.64.0.0/10",  # carrier NAT; 100.100.100.200 is a cloud's metadata service
        "fec0::/10",  # site local
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "64:ff9b::/96",  # NAT64: an IPv4 address inside
        "64:ff9b:1::/48",
        "2002::/16",  # 6to4: likewise
        "2001::/32",  # Teredo: likewise
        "::/96",  # IPv4-compatible: likewise
    )
)
# Closed even to operators' own lists: no honest destination, and the metadata services live here.
NEVER: Final = networks(
    (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "192.0.0.192/32",
        "168.63.129.16/32",
        "100.100.100.200/32",
        "fe80::/10",
        "fd00:ec2::/32",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
    )
)


@lru_cache(maxsize=4096)
def read(text: str) -> Address:
    """The address in `text`; an IPv4 address mapped into IPv6 is unwrapped first.

    Raises:
        ValueError: not in canonical form (`127.1`, `010.0.0.1`), or with a zone.
    """
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            raise ValueError("a zone is no part of a public address")
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
    return address


def is_loopback(address: Address) -> bool:
    return address.is_loopback


def is_public(address: Address) -> bool:
    """Routed on the open internet, and inside no range that leads back to somebody's own network."""
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not inside(address, NOT_PUBLIC)


def inside(address: Address, ranges: tuple[Network, ...]) -> bool:
    return any(address.version == network.version and address in network for network in ranges)
