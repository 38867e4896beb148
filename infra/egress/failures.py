"""What the HTTP library raises, as this room's one failure."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import aiohttp

from infra.egress.messages import Failed
from infra.egress.pool import Flight

UNVERIFIED: Final = "the certificate does not verify"
UNKNOWN_TO_IT: Final = "the other side takes no call without a certificate of ours, or not with this one"


@contextmanager
def translated(flight: Flight) -> Iterator[None]:
    """Raises Failed for what goes wrong inside, with `flight` as witness of whether anything was sent."""
    try:
        yield
    except Failed:
        raise
    except TimeoutError as error:
        connecting = isinstance(error, aiohttp.ConnectionTimeoutError)
        raise Failed("connect" if connecting else "timeout", "no answer in time", sent=flight.sent) from error
    except aiohttp.ClientConnectorError as error:
        raise Failed("connect", _why(error), sent=False) from error
    except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        if _is_certificate_refused(error):
            # The last word of a handshake: nothing behind it was read.
            raise Failed("connect", UNKNOWN_TO_IT, sent=False) from error
        raise Failed("cut", "the connection ended before the answer did", sent=flight.sent) from error
    except (aiohttp.ClientError, ValueError) as error:
        raise Failed("malformed", "the answer is no HTTP", sent=flight.sent) from error


def _why(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        told = getattr(error.certificate_error, "verify_message", "")
        return f"{UNVERIFIED}{f': {told}' if told else ''}"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return UNKNOWN_TO_IT if _is_certificate_refused(error) else "the TLS handshake failed"
    return "the connection was refused"


def _is_certificate_refused(error: BaseException | None) -> bool:
    """By the alert that ended TLS (RFC 8446, 6.2)."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            reason = error.reason or ""
            return "ALERT" in reason and ("CERTIFICATE" in reason or reason.endswith("UNKNOWN_CA"))
        error = error.__cause__ or error.__context__
    return False
