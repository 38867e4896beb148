"""Spans as cheap records (ADR 0013): a span costs some microseconds, and only what is kept is ever converted.

Whether a trace is kept is decided where it enters the installation and travels with it. A piece of a trace stays here,
bounded, until it ends: with an error in it, it is kept in any case. A process that is killed takes its open pieces
along whole, so that no span is left without the one above it.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Final, Literal, Self
from uuid import UUID

import msgspec

from infra.telemetry.subject import NOBODY, subject

Kind = Literal["internal", "server", "client", "consumer"]
Attribute = str | int | float | bool

HELD: Final = 128
"""Spans of one piece that wait for its end. Of more, a piece that is kept goes out in parts, another keeps the last."""
_RANDOM_PART: Final = 2**56  # the bits of a trace id that are random by W3C Trace Context, level 2
_SPAN_PART: Final = 2**64
# Version 00 ends here; later ones may go on after a dash, and ff is none.
_TRACEPARENT: Final = re.compile(rb"(?!ff)(?!00.{54})[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_LENGTH: Final = 25


class Context(msgspec.Struct, frozen=True):
    """A place in a trace, as it travels. `sampled`: its spans are exported whatever happens."""

    trace_id: int
    span_id: int
    sampled: bool

    def encode(self) -> bytes:
        """25 bytes for a row: trace, span, flags."""
        return self.trace_id.to_bytes(16) + self.span_id.to_bytes(8) + bytes([self.sampled])

    @classmethod
    def decode(cls, stored: bytes | None) -> Context | None:
        if stored is None or len(stored) != _LENGTH:
            return None
        return cls(int.from_bytes(stored[:16]), int.from_bytes(stored[16:24]), bool(stored[24] & 1))

    @classmethod
    def read(cls, header: bytes | None) -> Context | None:
        """Of a header `traceparent` (W3C Trace Context); None for none or for nonsense."""
        match = _TRACEPARENT.fullmatch(header or b"")
        if match is None:
            return None
        found = cls(int(match[1], 16), int(match[2], 16), bool(int(match[3], 16) & 1))
        return found if found.trace_id and found.span_id else None


class Recorder(msgspec.Struct, frozen=True):
    """How this process records.

    Attributes:
        keep: takes an ended span for export; must not wait.
        ratio: share of traces that are kept.
        obeys_caller: a caller's own decision counts (`parentbased_`).
    """

    keep: Callable[[Span], None]
    ratio: float = 1.0
    obeys_caller: bool = False

    def samples(self, trace_id: int) -> bool:
        """The same answer for one trace in every process of the same ratio."""
        return trace_id % _RANDOM_PART >= (1.0 - self.ratio) * _RANDOM_PART


class Piece:
    """The spans that this process adds to one trace, from its first one's start to its end."""

    __slots__ = ("_has_ended", "_held", "_recorder", "first", "has_failed", "origin", "sampled", "trace_id")

    def __init__(self, recorder: Recorder, trace_id: int, *, sampled: bool) -> None:
        self._recorder = recorder
        self._held: deque[Span] = deque(maxlen=HELD)
        self.trace_id = trace_id
        self.sampled = sampled
        self.has_failed = False
        self._has_ended = False
        self.first: Span | None = None
        self.origin: Span | None = None
        """Stands in for what nobody exported: it goes out with the first span that does."""

    def add(self, span: Span) -> None:
        self.has_failed = self.has_failed or span.failure is not None
        self._held.append(span)
        if span is self.first:
            # A task that outlives it finds the decision taken.
            self._has_ended = True
            self.sampled = self.sampled or self.has_failed
        if self.sampled and (self._has_ended or len(self._held) == HELD):
            self._keep()

    def _keep(self) -> None:
        if self.origin is not None:
            self._recorder.keep(self.origin)
            self.origin = None
        for span in self._held:
            self._recorder.keep(span)
        self._held.clear()


class Span:
    """Use as `with span:`. Attributes are ids, names of ours, numbers: no payload, secret, host or person (S-73)."""

    __slots__ = (
        "_token",
        "attributes",
        "began",
        "ended",
        "failure",
        "kind",
        "name",
        "parent_id",
        "piece",
        "span_id",
        "subject",
    )

    def __init__(self, piece: Piece, name: str, kind: Kind, parent_id: int | None) -> None:
        self.piece = piece
        self.name = name
        self.kind: Kind = kind
        self.parent_id = parent_id
        self.span_id = random.getrandbits(64) or 1
        self.attributes: dict[str, Attribute] = {}
        self.failure: str | None = None
        self.began = self.ended = 0
        self.subject = NOBODY

    def note(self, name: str, value: Attribute) -> None:
        """`name` as OpenTelemetry's conventions have it, or one word of ours."""
        self.attributes[name] = value

    def call(self, name: str) -> None:
        """Give it a better name, still one of few."""
        self.name = name

    def fail(self, kind: str) -> None:
        """Mark as failed; `kind` is one of few words, never an error's message."""
        self.failure = kind

    @property
    def context(self) -> Context | None:
        return Context(self.piece.trace_id, self.span_id, self.piece.sampled)

    def __enter__(self) -> Self:
        self._token: Token[Span | Nothing] = _CURRENT.set(self)
        self.began = self.began or time.time_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended = time.time_ns()
        self.subject = subject()
        if kind is not None and self.failure is None and not issubclass(kind, asyncio.CancelledError):
            self.failure = kind.__name__
        _CURRENT.reset(self._token)
        self.piece.add(self)


class Nothing:
    """A span where nothing is recorded."""

    __slots__ = ()
    context: None = None

    def note(self, name: str, value: Attribute) -> None: ...

    def call(self, name: str) -> None: ...

    def fail(self, kind: str) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


NOTHING: Final = Nothing()
_CURRENT: ContextVar[Span | Nothing] = ContextVar("span", default=NOTHING)
_recorder: Recorder | None = None


def record_with(recorder: Recorder | None) -> None:
    """For the whole process; None records nothing."""
    global _recorder  # noqa: PLW0603 (a process has one, and the hot path asks for it at each span)
    _recorder = recorder


def current() -> Span | Nothing:
    return _CURRENT.get()


def span(name: str, kind: Kind = "internal") -> Span | Nothing:
    """A span below the current one; nothing where no piece was begun. `name` is one of few."""
    above = _CURRENT.get()
    if isinstance(above, Nothing):
        return NOTHING
    return Span(above.piece, name, kind, above.span_id)


def serve(headers: Iterable[tuple[bytes, bytes]]) -> Span | Nothing:
    """The span of a request that comes in, below its caller's when its headers name one."""
    if _recorder is None:
        return NOTHING
    given = [value for name, value in headers if name == b"traceparent"]
    caller = Context.read(given[0]) if len(given) == 1 else None
    trace_id = random.getrandbits(128) or 1 if caller is None else caller.trace_id
    obeys = caller is not None and _recorder.obeys_caller
    sampled = caller.sampled if obeys and caller is not None else _recorder.samples(trace_id)
    piece = Piece(_recorder, trace_id, sampled=sampled)
    piece.first = Span(piece, "request", "server", None if caller is None else caller.span_id)
    return piece.first


def activate(stored: bytes | None, run: UUID, created_ns: int, *, is_first: bool) -> Span | Nothing:
    """The span of one activation of `run`, in the trace of the request that started it.

    A run that no exported request stands behind has a span of its own as root, whose id follows from the run's: so its
    activations in any process, before and after a crash, hang together. It goes out with the first activation, or
    with any that is kept for its error; twice means the same span twice.
    """
    if _recorder is None:
        return NOTHING
    origin = Context.decode(stored)
    trace_id = run.int if origin is None else origin.trace_id
    sampled = _recorder.samples(trace_id) if origin is None else origin.sampled
    piece = Piece(_recorder, trace_id, sampled=sampled)
    if origin is not None and sampled:
        piece.first = Span(piece, "activation", "consumer", origin.span_id)
        return piece.first
    root = Span(piece, "run", "internal", None)
    root.span_id = run.int % _SPAN_PART
    root.began = root.ended = created_ns
    root.subject = subject()
    if is_first or not sampled:
        piece.origin = root
    piece.first = Span(piece, "activation", "consumer", root.span_id)
    return piece.first
