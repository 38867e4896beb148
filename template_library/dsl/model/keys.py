from __future__ import annotations

from collections.abc import Iterator

import msgspec


class RunKeys(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a document declares its runs to be found by. Each is a jq program over the run's input, without variables.

    Attributes:
        search: programs of texts by the key's name.
        amount: of the value at stake, in minor units of `currency`, a code of ISO 4217; both or neither.
        deadline: of the promise that the run serves, as a date or a moment.
        customer_class: of the customer, for who goes first.
        serialize: name of the key of which one run at a time is under way.
    """

    search: dict[str, str] = {}
    amount: str | None = None
    currency: str | None = None
    deadline: str | None = None
    customer_class: str | None = None
    serialize: str | None = None

    def programs(self) -> Iterator[tuple[str, str]]:
        """Each with its name; a well-known one is named as the member that holds it, behind a slash."""
        yield from self.search.items()
        for name in ("amount", "currency", "deadline", "customer_class"):
            program = getattr(self, name)
            if program is not None:
                yield f"/{name}", program
