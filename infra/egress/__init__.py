"""The only way out (docs/architecture.md, Egress). Nothing else in the product may import an HTTP client."""

from infra.egress.client import Client
from infra.egress.guard import Guard
from infra.egress.messages import IDEMPOTENT_METHODS, Destination, Failed, Refused, Request, Response
from infra.egress.target import canonical_origin, join

__all__ = [
    "IDEMPOTENT_METHODS",
    "Client",
    "Destination",
    "Failed",
    "Guard",
    "Refused",
    "Request",
    "Response",
    "canonical_origin",
    "join",
]
