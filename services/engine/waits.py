"""What a strand of a run may wait for."""

from __future__ import annotations

from typing import Any

import msgspec

from services.engine.functions import ErrorDetails, Line


class Effect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call that the engine makes before the run goes on.

    Attributes:
        name: the task's.
        key: the reference that its key is made of, where that is another; see `Frame.key`.
        sealed: there is more to the arguments, which is evaluated at the moment of the call and stored nowhere.
    """

    function: str
    arguments: dict[str, Any]
    reference: str
    iteration: int
    name: str
    key: str = ""
    sealed: bool = False


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a call without making it: a person said so, or it was answered before what followed failed.

    Attributes:
        output: of what happened.
        error: what the task fails with; None: it happened.
    """

    output: Any = None
    error: ErrorDetails | None = None


class Calling(msgspec.Struct, frozen=True, omit_defaults=True, tag="call"):
    """The answer to a call.

    Attributes:
        attempt: calls of the effect, from 1; raised by each `Later`.
        sent: the call was about to be made and may not be made again before it was looked for (ADR 0027).
        first, last: Unix milliseconds before which no request of the effect went out, and of the last one; of an effect
            that may not be repeated. Of one whose key grows old both are of the first: no repetition is committed. Of
            any other `last` alone, when the first answer came that put it off behind a request.
        asked: Unix milliseconds since when it is a person's question what became of it.
        verdict: what the answer is; nothing is called any more.
        due: Unix milliseconds before which it is not repeated.
        reason, ref: of the last `Later`: what the other side was busy with, and which side.
        goes_on: it is one of many in a row, and not the first; a run that is in line comes before it.
        parked: whoever claims the run makes the call, whatever `due` says (ADR 0026).
        line: of the last `Later`, what of its connection it stood in line for (ADR 0029).
    """

    effect: Effect
    attempt: int = 1
    sent: bool = False
    first: int | None = None
    last: int | None = None
    asked: int | None = None
    verdict: Verdict | None = None
    due: int | None = None
    reason: str = ""
    ref: str = ""
    goes_on: bool = False
    parked: bool = False
    line: Line = ""


class Sleeping(msgspec.Struct, frozen=True, tag="sleep"):
    """The clock; Unix milliseconds."""

    until: int


class Joining(msgspec.Struct, frozen=True, tag="join"):
    """The strands that were begun from here."""


class Listening(msgspec.Struct, frozen=True, tag="listen"):
    """Events."""


Wait = Calling | Sleeping | Joining | Listening
