"""A guard for one server of the operator's own that does not speak HTTP: its mail server (S-55)."""

from __future__ import annotations

from infra.egress import target
from infra.egress.addresses import NEVER, Address, inside, is_public
from infra.egress.guard import Guard, Resolve
from infra.egress.messages import Destination, Refused
from infra.egress.target import Origin, Target


class OnePlace(Guard):
    """Lets one host and port through and nothing else, wherever it is; metadata addresses stay closed.

    Args:
        plain: it is spoken to without TLS. Then its addresses must be loopback or private ones.
        resolve: replaces the system's resolver.

    Raises:
        Refused: rule `host`: no name and no address.
    """

    def __init__(self, host: str, port: int, *, plain: bool = False, resolve: Resolve | None = None) -> None:
        super().__init__(resolve=resolve)
        self._only = target.place(host, port)
        self._plain = plain

    def allows(self, address: Address) -> bool:
        if inside(address, NEVER):
            return False
        return not (self._plain and is_public(address))

    def admit(self, target: Target, destination: Destination) -> None:  # noqa: ARG002 (no HTTP at all)
        """Raises Refused, always."""
        raise Refused("address", "No HTTP may be spoken here")

    def admit_dial(self, origin: Origin, usual: frozenset[int], destination: Destination, *, tls: bool) -> None:  # noqa: ARG002 (the place is the whole rule)
        """Raises Refused: rule `address`."""
        if origin != self._only or (origin.address is not None and not self.allows(origin.address)):
            raise Refused("address", "Only the operator's own server may be reached here, and not without TLS outside")
