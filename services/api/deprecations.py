"""Routes that will go: since when nobody should begin to use them, until when they answer, and what takes their place.

Each answer of such a route says so: `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and links; the OpenAPI document, too.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

import msgspec

from services.api.policy import PREFIX, Route

LEAST: Final = timedelta(days=180)
"""From when a route is deprecated until it may go."""


class Deprecation(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a route.

    Attributes:
        since: from then on it is deprecated; it may lie ahead.
        sunset: from then on it may answer 404; None: nobody knows yet.
        successor: path of the route that takes its place.
        page: path of what explains it to people.
    """

    since: datetime
    sunset: datetime | None = None
    successor: str | None = None
    page: str = "/docs"

    def __post_init__(self) -> None:
        if self.since.tzinfo is None or (self.sunset is not None and self.sunset.tzinfo is None):
            raise ValueError("a deprecation's times say their zone")
        if self.sunset is not None and self.sunset < self.since + LEAST:
            raise ValueError(f"a route answers for {LEAST.days} days after it is deprecated")

    def headers(self) -> list[tuple[bytes, bytes]]:
        """What each answer carries."""
        told = [("deprecation", f"@{int(self.since.timestamp())}")]
        links = [f'<{self.page}>; rel="deprecation"; type="text/html"']
        if self.sunset is not None:
            told.append(("sunset", format_datetime(self.sunset.astimezone(UTC), usegmt=True)))
        if self.successor is not None:
            links.append(f'<{self.successor}>; rel="successor-version"')
        told.append(("link", ", ".join(links)))
        return [(name.encode(), value.encode()) for name, value in told]

    def words(self) -> str:
        """For the OpenAPI document."""
        words = f"Deprecated since {self.since.date()}."
        if self.sunset is not None:
            words += f" It answers until {self.sunset.date()}."
        if self.successor is not None:
            words += f" Use `{self.successor}`."
        return words


DEPRECATED: Final[dict[Route, Deprecation]] = {}
"""By method and path, as `services.api.policy` names them; of a tenant's route the path without its prefix."""


def of(route: Route) -> Deprecation | None:
    """What is told of a route; None: it stays."""
    if not DEPRECATED:
        return None
    method, path = route
    return DEPRECATED.get((method, path.replace(PREFIX, "/v1", 1) if path.startswith(PREFIX) else path))
