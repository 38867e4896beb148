"""What a list of runs is narrowed by and sorted by, as parameters of the query."""

from __future__ import annotations

from typing import Annotated

from litestar.params import QueryParameter

from services.api.errors import BadParameter
from services.api.fields import Instant
from services.api.run_view import ListedState
from services.engine.listing import RunFilter, Sort

_MOST = 2**53

InState = Annotated[
    ListedState | None,
    QueryParameter(
        name="state",
        description="Only in this state. `held`: those of the completed whose `held` is not null.",
        required=False,
    ),
]
BusinessKey = Annotated[str | None, QueryParameter(description="Only of this business key.", required=False)]
Key = Annotated[
    str | None,
    QueryParameter(description="Only with this declared key, such as `orderNumber:SO-4711`.", required=False),
]
OfDeployment = Annotated[str | None, QueryParameter(description="Only of this deployment.", required=False)]
OfEvent = Annotated[str | None, QueryParameter(description="Only those that this event started.", required=False)]
Sorted = Annotated[
    Sort,
    QueryParameter(
        required=False,
        description="`newest` first. `deadline`: the next one first. `value`: the highest first, of one `currency`."
        " By deadline and value only those that have one.",
    ),
]
Currency = Annotated[
    str | None,
    QueryParameter(description="Only with a value in this currency.", required=False, pattern="^[A-Z]{3}$"),
]
LeastValue = Annotated[
    int | None,
    QueryParameter(
        description="Only worth that or more, in minor units of `currency`.", required=False, ge=-_MOST, le=_MOST
    ),
]
MostValue = Annotated[
    int | None,
    QueryParameter(
        description="Only worth that or less, in minor units of `currency`.", required=False, ge=-_MOST, le=_MOST
    ),
]
DeadlineAfter = Annotated[Instant | None, QueryParameter(description="Promised for then or later.", required=False)]
DeadlineBefore = Annotated[Instant | None, QueryParameter(description="Promised for before then.", required=False)]
CustomerClass = Annotated[
    str | None,
    QueryParameter(description="Only of customers of this class.", required=False, min_length=1, max_length=200),
]


def checked(only: RunFilter, sort: Sort) -> RunFilter:
    """Amounts of several currencies are in no order, so that none is asked about without its own.

    Raises:
        BadParameter: a currency is absent that the rest needs.
    """
    for name, needs in (
        ("sort", sort == "value"),
        ("least_value", only.least_value is not None),
        ("most_value", only.most_value is not None),
    ):
        if needs and only.currency is None:
            raise BadParameter(
                f"'{name}' compares amounts of one currency: name it as 'currency'", parameter="currency"
            )
    return only
