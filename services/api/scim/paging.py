"""Query parameters of SCIM (RFC 7644, 3.4.2.4 and 3.9). Out of their range they count as the nearest that is in it."""

from __future__ import annotations

from typing import Annotated, Final

from litestar.params import QueryParameter

from services.api.scim.discovery import MOST_RESULTS
from services.api.scim.filters import LONGEST

DEFAULT_COUNT: Final = 100
PASSED_OVER: Final = frozenset({"aadOptscim062020", "AzureAdScimPatch2017"})
"""Switches of Entra ID that stand in the address which its directory is given; they ask nothing of a service."""
_FARTHEST: Final = 2**31

Filter = Annotated[
    str | None,
    QueryParameter(
        name="filter",
        required=False,
        max_length=LONGEST,
        description='Attributes with `eq`, joined by `and`, such as `userName eq "maria@acme.example"`.',
    ),
]
StartIndex = Annotated[
    int, QueryParameter(name="startIndex", required=False, description="Place of the first in the answer; from 1 on.")
]
Count = Annotated[
    int, QueryParameter(name="count", required=False, description=f"Most in the answer, up to {MOST_RESULTS}.")
]
Attributes = Annotated[
    str | None,
    QueryParameter(name="attributes", required=False, max_length=LONGEST, description="Only these, by comma."),
]
Excluded = Annotated[
    str | None,
    QueryParameter(name="excludedAttributes", required=False, max_length=LONGEST, description="All but these."),
]


def begin(start_index: int) -> int:
    """The first place is 1, and what lies before it is that."""
    return min(max(start_index, 1), _FARTHEST) - 1


def most(count: int) -> int:
    """None at all is a question of how many there are."""
    return min(max(count, 0), MOST_RESULTS)
