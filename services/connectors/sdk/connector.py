from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import msgspec

from services.connectors.sdk.context import Context
from services.connectors.sdk.manifest import Care, Manifest


class Connector(Protocol):
    """Code for one kind of system. One instance serves every tenant, so it keeps nothing that is not keyed by one."""

    @property
    def manifest(self) -> Manifest: ...

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        """Do `operation` with `values`, valid by its input schema; the answer is valid by its output schema.

        May be called again with the same key, after any failure and beside a call that is still running: but for
        `once-or-ask`, which is called again only when `ReadsBack` or a person says that it has not happened.

        Raises:
            Refusal: a definite no.
            Away: call again later; of `once-or-ask` with `sent` what became of it is looked for first.
        """
        ...


@runtime_checkable
class ByCall(Protocol):
    """What a connector has beside `Connector` when an operation of its manifest has the mode `by-call`."""

    def care(self, operation: str, values: Any, settings: Mapping[str, Any]) -> Care:
        """How this call stands being made again after its answer got lost; `values` are valid by the input schema."""
        ...


class Found(msgspec.Struct, frozen=True):
    """The effect is there; `output` is valid by the operation's output schema."""

    output: Any


class Absent(msgspec.Struct, frozen=True):
    """The effect is not there, or not whole: the operation may be called, and brings it about once."""


class CannotTell(msgspec.Struct, frozen=True):
    """It cannot be told by looking: a person has to.

    Attributes:
        why: for that person; no secret.
        answer: what was found, JSON.
    """

    why: str
    answer: Any = None


class Refused(msgspec.Struct, frozen=True):
    """The other side refused the effect for good, and it is not there.

    Attributes:
        why: as of `Refusal`: no secret.
        status: HTTP status code that tells its kind.
    """

    why: str
    status: int = 409
    title: str = "The other system refused"


ReadBack = Found | Absent | CannotTell | Refused


@runtime_checkable
class ReadsBack(Protocol):
    """What a connector has beside `Connector` when it can look for what an earlier call did.

    Needed for `check-then-write`: nothing is written before it was looked for. Of `once-or-ask`, and of a `keyed` one
    whose key is too old, it saves a person the question.
    """

    async def read_back(self, operation: str, values: Any, context: Context) -> ReadBack:
        """Look for the effect of `operation` with `values` and `context.key`; changes nothing.

        Raises:
            Refusal: the looking was refused, which says nothing of the effect: a person is asked.
            Away: it cannot be looked for now.
        """
        ...
