"""Settings of what partners claim and clients own: domains, and who must be named before something goes live."""

from __future__ import annotations

import ipaddress
from typing import Final

from infra import setting_values as values
from infra.setting_values import Definition

_TLS_PORT: Final = 853


def _resolvers(text: str) -> tuple[tuple[str, int], ...]:
    if text == "none":
        return ()
    return tuple(_resolver(part.strip()) for part in text.split(",") if part.strip())


def _resolver(text: str) -> tuple[str, int]:
    """An address, with `:port` where it is not 853; an IPv6 address with a port stands in brackets."""
    try:
        return str(ipaddress.ip_address(text.strip("[]"))), _TLS_PORT
    except ValueError:
        host, _, port = text.rpartition(":")
        number = int(port)
        if not 0 < number < 2**16:
            raise ValueError(text) from None
        return str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))), number


EDGE: Final = (
    Definition(
        "dns_resolvers",
        "1.1.1.1,8.8.8.8,9.9.9.9",
        "addresses such as 9.9.9.9,192.0.2.53:53, or none",
        "Resolvers that are asked for proofs of claimed domains; most must agree. TLS at port 853, plain at others.",
        _resolvers,
    ),
    Definition(
        "own_domains",
        "",
        "host names such as platform.example",
        "Domains of the operator's own beside the API's names: nobody may claim one, nor a name above or below it.",
        values.names,
    ),
    Definition(
        "edge_domain",
        "",
        "a host name such as edge.platform.example",
        "Where claimed domains are to lead: each gets a name of its own below it. Empty: it is not looked at.",
        values.host,
    ),
    Definition(
        "domain_wait_hours",
        "24",
        "hours, 0 to 720",
        "From the first proof of a claimed domain until it is used.",
        values.seconds(0, 720),
    ),
    Definition(
        "domain_grace_hours",
        "72",
        "hours, 0 to 720",
        "From the first check that finds no proof of a domain any more until it is taken away.",
        values.seconds(0, 720),
    ),
    Definition(
        "live_owners",
        "required",
        "required or reported",
        "Whether a deployment in `live` needs its owners and deputies named, or is only told who is missing.",
        values.one_of("required", "reported"),
    ),
)
