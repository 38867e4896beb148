"""The rules of the way out. One guard per process, made from operator settings only."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from infra.egress.addresses import NEVER, Address, Network, inside, is_loopback, is_public, networks
from infra.egress.addresses import read as read_address
from infra.egress.messages import Destination, Failed, Refused
from infra.egress.resolver import Resolver
from infra.egress.target import Origin, Target, parse

RESOLVE_SECONDS: Final = 2.0
# Ports where a server of another protocol listens and may take HTTP for commands.
_OTHER_PROTOCOLS: Final = frozenset(
    {1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 79, 110, 111, 113, 119, 123, 135, 137, 139}
    | {143, 161, 179, 389, 427, 445, 465, 512, 513, 514, 515, 530, 543, 544, 548, 554, 563, 587, 636, 873, 989, 990}
    | {993, 995, 1433, 1521, 1723, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4190, 5060, 5061, 5432, 5900, 6000}
    | {6379, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 9092, 9200, 9300, 10250, 10255, 10256, 11211, 27017, 50000}
)

_KNOWN: Final = 1024

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""A name and port to the texts of its addresses; raises OSError when there is none."""


class Guard:
    """Decides what may be called.

    Args:
        allow_loopback: 127.0.0.0/8 and ::1 on any port and with plain http: for the embedded mode and the author's
            own machine, where the simulators listen. Never on a shared installation.
        networks: CIDRs of the operator's own that may be called although they are not public.
        denied: CIDRs that may not, whatever else allows them: the installation's own public addresses.
        closed: URLs whose host and port may not: what is the operator's alone, such as its runner.
        own: URLs of the operator's servers, which may not where they stand at a private address or on this machine;
            elsewhere others have places at the same host, as in a bucket.
        resolve: replaces the system's resolver.
    """

    def __init__(  # noqa: PLR0913 (the rules that an operator sets)
        self,
        *,
        allow_loopback: bool = False,
        networks: Iterable[str] = (),
        denied: Iterable[str] = (),
        closed: Iterable[str] = (),
        own: Iterable[str] = (),
        resolve: Resolve | None = None,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._networks = _read_networks(networks)
        self._denied = _read_networks(denied)
        self._closed = tuple(parse(url).origin for url in closed)
        self._own = (*self._closed, *(parse(url).origin for url in own))
        self._resolve = resolve or Resolver()
        self._known: dict[Address, bool] = {}

    def beside(self, networks: Iterable[Network]) -> Guard:
        """The same rules with more private networks; what is closed to all stays closed."""
        made = copy.copy(self)
        made._networks = (*self._networks, *networks)  # noqa: SLF001 (of its own class)
        made._known = {}  # noqa: SLF001
        return made

    def allows(self, address: Address) -> bool:
        """Whether a connection to `address` may be opened. The answer never changes, and is kept."""
        known = self._known.get(address)
        if known is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            known = self._known[address] = self._judged(address)
        return known

    def _judged(self, address: Address) -> bool:
        if inside(address, NEVER) or inside(address, self._denied):
            return False
        if is_loopback(address):
            return self._allow_loopback
        return is_public(address) or inside(address, self._networks)

    def admit(self, target: Target, destination: Destination) -> None:
        """Check what can be known before a name is resolved.

        Raises:
            Refused: rule `scheme`, `port` or `address`.
        """
        origin = target.origin
        if (origin.address is not None and not self.allows(origin.address)) or self._is_closed(origin):
            raise Refused("address", "The URL's address is not public")
        if origin.port in _OTHER_PROTOCOLS or origin.port == 0:
            raise Refused("port", f"Port {origin.port} belongs to another protocol")
        if self._on_own_machine(origin):
            return
        if origin.scheme == "http" and not destination.allow_http:
            raise Refused("scheme", "Plain http is not allowed for this connection")
        standard = origin.port == 443 or (origin.port == 80 and destination.allow_http)  # noqa: PLR2004
        if not standard and origin.port not in destination.ports:
            raise Refused("port", f"Port {origin.port} is not allowed for this connection")

    def admit_dial(self, origin: Origin, usual: frozenset[int], destination: Destination, *, tls: bool) -> None:
        """`admit` for a protocol that is not HTTP and has the ports `usual`.

        Raises:
            Refused: rule `scheme`, `port` or `address`.
        """
        if (origin.address is not None and not self.allows(origin.address)) or self._is_closed(origin):
            raise Refused("address", "The host's address is not public")
        if origin.port not in usual and (origin.port in _OTHER_PROTOCOLS or origin.port == 0):
            raise Refused("port", f"Port {origin.port} belongs to another protocol")
        if self._on_own_machine(origin):
            return
        if not tls and not destination.allow_http:
            raise Refused("scheme", "A connection without TLS is not allowed here")
        if origin.port not in usual | destination.ports:
            raise Refused("port", f"Port {origin.port} is not allowed; open are {sorted(usual)}")

    async def addresses(self, host: str, port: int) -> list[str]:
        """Resolve a name once; every answer must pass, or a rebinding name would need one lucky try (S-52).

        Raises:
            Refused: rule `address`.
            Failed: kind `resolve`: unknown name, or no answer within 2 s.
        """
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                found = await self._resolve(host, port)
        except TimeoutError as error:
            raise Failed("resolve", f"no answer for {host} within {RESOLVE_SECONDS:g} s", sent=False) from error
        except (OSError, UnicodeError) as error:
            raise Failed("resolve", f"{host} has no address", sent=False) from error
        if not found:
            raise Failed("resolve", f"{host} has no address", sent=False)
        if not all(self.allows_text(text) and not self._is_own(host, port, read_address(text)) for text in found):
            raise Refused("address", "The URL's host leads to an address that is not public")
        return found

    def allows_text(self, text: str) -> bool:
        try:
            return self.allows(read_address(text))
        except ValueError:
            return False

    def _on_own_machine(self, origin: Origin) -> bool:
        return self._allow_loopback and _is_local(origin)

    def _is_own(self, host: str, port: int, address: Address) -> bool:
        if is_public(address):
            return False
        return any(
            port == one.port
            and (host == one.host or address == one.address or (is_loopback(address) and _is_local(one)))
            for one in self._own
        )

    def _is_closed(self, origin: Origin) -> bool:
        if origin.address is not None and self._is_own(origin.host, origin.port, origin.address):
            return True
        return any(
            origin.port == one.port and (origin.host == one.host or (_is_local(origin) and _is_local(one)))
            for one in self._closed
        )


class OneOrigin(Guard):
    """Lets the origin of `url` through and nothing else: one that the operator set, wherever it is.

    Plain http goes to loopback and private networks only, since credentials go along. Metadata addresses stay closed.
    """

    def __init__(self, url: str, *, resolve: Resolve | None = None) -> None:
        super().__init__(resolve=resolve)
        self._only = parse(url).origin

    def allows(self, address: Address) -> bool:
        if inside(address, NEVER):
            return False
        return self._only.scheme == "https" or not is_public(address)

    def admit(self, target: Target, destination: Destination) -> None:  # noqa: ARG002 (the origin is the whole rule)
        """Raises Refused: rule `address`."""
        origin = target.origin
        if origin != self._only or (origin.address is not None and not self.allows(origin.address)):
            raise Refused("address", "Only the operator's own address may be called here, and not without TLS outside")

    def admit_dial(self, origin: Origin, usual: frozenset[int], destination: Destination, *, tls: bool) -> None:  # noqa: ARG002
        """Raises Refused, always."""
        raise Refused("address", "Only HTTP may be spoken here")


def _is_local(origin: Origin) -> bool:
    return is_loopback(origin.address) if origin.address is not None else origin.host == "localhost"


_read_networks = networks
