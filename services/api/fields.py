"""Types of fields and parameters that several routes share, described once for the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from litestar.params import QueryParameter
from msgspec import Meta

from infra import ids
from infra.pagination import MAX_LIMIT
from services.api.errors import BadParameter

SLUG_PATTERN: Final = r"^[a-z0-9](-?[a-z0-9]){0,62}$"

Slug = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=125,
        description="Lower-case letters and digits, single hyphens between them.",
        examples=["acme"],
    ),
]
Name = Annotated[
    str,
    Meta(min_length=1, max_length=200, description="Shown to people. No control characters.", examples=["Acme Ltd"]),
]
Status = Annotated[Literal["active", "disabled"], Meta(description="A disabled one's keys do not work.")]
ENVIRONMENT_PATTERN: Final = r"^[a-z0-9](-?[a-z0-9]){0,31}$"
Environment = Annotated[
    str,
    Meta(
        max_length=63,
        pattern=ENVIRONMENT_PATTERN,
        description="Environment of the client: dev, test, live, or another that was added.",
        examples=["live"],
    ),
]
Instant = Annotated[datetime, Meta(description="UTC, RFC 3339.", examples=["2026-01-31T09:30:00.000000Z"])]
ClientStatus = Annotated[
    Literal["active", "disabled", "suspended", "deleted"],
    Meta(description="Of a disabled one keys do not work; of a suspended one they read, and nothing goes on."),
]
NextCursor = Annotated[
    str | None, Meta(description="Send it as `cursor` to read on; null on the last page. Good for 24 hours.")
]

Limit = Annotated[
    int,
    QueryParameter(ge=1, le=MAX_LIMIT, description="Most items in the answer.", required=False),
]
Cursor = Annotated[
    str | None,
    QueryParameter(
        max_length=1024, description="`next` of the page before, under the same filters.", required=False, min_length=1
    ),
]
StatusFilter = Annotated[
    Literal["active", "disabled"] | None, QueryParameter(description="Only those in this state.", required=False)
]
ClientStatusFilter = Annotated[
    Literal["active", "disabled", "suspended", "deleted"] | None,
    QueryParameter(description="Only those in this state.", required=False),
]


def filter_id(prefix: str, name: str, text: str | None) -> UUID | None:
    """The id in a query parameter; None for none."""
    if text is None:
        return None
    try:
        return ids.read(prefix, text)
    except ids.MalformedId:
        raise BadParameter(f"'{name}' is no id of the form {prefix}_…", parameter=name) from None


def filter_key(text: str) -> tuple[str, str]:
    """Name and value of a declared key in the query parameter `key`."""
    name, colon, value = text.partition(":")
    if not (name and colon and value) or "\x00" in text or name.startswith("/"):
        raise BadParameter("'key' is no key of the form name:value", parameter="key")
    return name, value
