"""What the HTTP library raises, as this room's one failure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

from infra.egress.messages import Failed
from infra.egress.pool import Flight


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
        raise Failed("cut", "the connection ended before the answer did", sent=flight.sent) from error
    except (aiohttp.ClientError, ValueError) as error:
        raise Failed("malformed", "the answer is no HTTP", sent=flight.sent) from error


def _why(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "the certificate does not verify"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return "the TLS handshake failed"
    return "the connection was refused"
