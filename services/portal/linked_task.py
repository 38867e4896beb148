"""A task as its mailed link shows it, and what came of it (ADR 0112)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from services.api.fields import Instant
from services.api.run_view import RunValue
from services.api.task_view import TaskId

SIGN_IN: Final = "sign-in-needed"


class LinkedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came by the link."""

    name: str
    size: Annotated[int, Meta(description="Bytes.")]
    state: Annotated[
        Literal["held", "clean", "unscanned", "infected"],
        Meta(description="`held`: nobody looked into it yet; it and an `infected` one are handed to nobody."),
    ]


class LinkRefusal(msgspec.Struct, frozen=True):
    """Why the link decides nothing now; signing in may."""

    reason: Annotated[str, Meta(examples=[SIGN_IN, "no-authority"])]
    detail: str


class LinkedAsk(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, as its holder would see it signed in; the data of its run masked as theirs is."""

    kind: str
    title: str | None
    instructions: str | None
    facts: Annotated[Any, Meta(description="What the authority judges by.")]
    shown: Any
    form: Any
    outcomes: list[str]
    decision: str | None
    value: RunValue | None
    due: Instant | None
    version: int
    saw: Annotated[str, Meta(description="SHA-256 of what this shows. Send it with the decision.")]
    given: Annotated[int, Meta(description="Persons who have decided it so far, where it takes several.")]


class LinkedTask(msgspec.Struct, frozen=True, kw_only=True):
    """`asked` is null where it was decided, or is shown to nobody who did not sign in."""

    state: Literal["open", "decided"]
    holder: Annotated[str, Meta(description="Whose link it is.")]
    client: str | None
    environment: str | None
    task: TaskId
    outcome: Annotated[str | None, Meta(description="As its holder decided.")]
    asked: LinkedAsk | None
    refusal: LinkRefusal | None
    outside: Annotated[bool, Meta(description="Whether its holder has no account here.")] = False
    language: Annotated[str | None, Meta(description="Of its holder, where the task says so.")] = None
    documents: Annotated[list[LinkedDocument] | None, Meta(description="That came by it; null: it takes none.")] = None


class DecidedByLink(msgspec.Struct, frozen=True, kw_only=True):
    outcome: str
    complete: Annotated[bool, Meta(description="False: others have to decide alike before it counts.")]
