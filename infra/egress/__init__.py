"""The only way out (docs/architecture.md, Egress). Nothing else in the product may import an HTTP client."""

from infra.egress.client import Client
from infra.egress.dial import Dial, Wire, upgrade
from infra.egress.failures import UNKNOWN_TO_IT, UNVERIFIED
from infra.egress.guard import Guard, OneOrigin
from infra.egress.lookup import Found, Lookups
from infra.egress.messages import IDEMPOTENT_METHODS, Destination, Failed, Identity, Refused, Request, Response
from infra.egress.one_place import OnePlace
from infra.egress.stream import Stream
from infra.egress.target import canonical_origin, join, request_target
from infra.egress.websocket import HandshakeRefused, Websocket

__all__ = [
    "IDEMPOTENT_METHODS",
    "UNKNOWN_TO_IT",
    "UNVERIFIED",
    "Client",
    "Destination",
    "Dial",
    "Failed",
    "Found",
    "Guard",
    "HandshakeRefused",
    "Identity",
    "Lookups",
    "OneOrigin",
    "OnePlace",
    "Refused",
    "Request",
    "Response",
    "Stream",
    "Websocket",
    "Wire",
    "canonical_origin",
    "join",
    "request_target",
    "upgrade",
]
