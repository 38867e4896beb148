"""Networks from which a key may be used: an allow-list that nobody can widen for a key that they make."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

from tenants.organizations.errors import InvalidField

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST: Final = 32


def read(texts: Sequence[str]) -> tuple[Network, ...]:
    """The networks that `texts` name, such as `203.0.113.0/24` or `2001:db8::1`.

    Raises:
        InvalidField: one is none, has bits behind its prefix, or there are too many.
    """
    if len(texts) > MOST:
        raise InvalidField("/networks", f"at most {MOST} networks")
    found = []
    for place, text in enumerate(texts):
        try:
            found.append(ipaddress.ip_network(text))
        except ValueError:
            raise InvalidField(f"/networks/{place}", "is no network such as 203.0.113.0/24 or 2001:db8::/48") from None
    return tuple(found)


def is_in(networks: Sequence[Network], address: Address | None) -> bool:
    """Whether `address` is in one of `networks`; one that nobody knows is in none."""
    return address is not None and any(address in one for one in networks)


def covers(networks: Sequence[Network], wanted: Network) -> bool:
    """Whether all of `wanted` lies in one of `networks`."""
    return any(_is_part(wanted, one) for one in networks)


def _is_part(inner: Network, outer: Network) -> bool:
    if isinstance(inner, ipaddress.IPv4Network):
        return isinstance(outer, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer)
