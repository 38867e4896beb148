"""Which records of an audit are wanted, as parameters of the query: the same of every list and export."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from litestar.di import Provide
from litestar.params import QueryParameter

from tenants.audit.log import Wanted

Action = Annotated[str | None, QueryParameter(description="Only this action.", required=False, max_length=200)]
Actor = Annotated[
    str | None,
    QueryParameter(
        description="Only what this one did, as a record names it: `account:acc_…`, `key:key_…`, `engine`.",
        required=False,
        max_length=200,
    ),
]
Target = Annotated[str | None, QueryParameter(description="Only this target.", required=False, max_length=200)]
About = Annotated[
    str | None,
    QueryParameter(
        description="An id: what was done to it, and, of an account or key, what it did itself.",
        required=False,
        max_length=200,
    ),
]
Since = Annotated[datetime | None, QueryParameter(description="Only from this time on.", required=False)]
Until = Annotated[datetime | None, QueryParameter(description="Only before this time.", required=False)]


def wanted_of(  # noqa: PLR0913 (the parameters of the query)
    *,
    action: Action = None,
    actor: Actor = None,
    target: Target = None,
    about: About = None,
    since: Since = None,
    until: Until = None,
) -> Wanted:
    return Wanted(action=action, actor=actor, target=target, about=about, since=since, until=until)


FILTERS: Final = {"wanted": Provide(wanted_of, sync_to_thread=False)}
"""Dependencies of a handler that takes `wanted: NamedDependency[Wanted]`."""
