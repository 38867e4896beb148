"""The functions `run.script`, `run.shell` and `run.container` (DSL reference, Run): programs in a runner."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Final

import msgspec

from infra import egress
from services.engine.faults import standard
from services.engine.functions import Answer, Call, Later
from services.protocols import errors
from services.protocols.errors import Refusal
from services.protocols.function import ProtocolFunction, read
from services.protocols.process_order import Arguments, order
from services.protocols.resources.fetching import Resources
from services.protocols.runner import OUTPUT_BYTES, Runner

_log: Final = logging.getLogger(__name__)
_REF: Final = "runner"
_EXCERPT: Final = 1_000
_LONGEST_PAUSE: Final = 60.0
# Answers that a runner gives before it starts anything, and that its operator ends.
_NOT_YET: Final = {
    HTTPStatus.UNAUTHORIZED: "refuses our token",
    HTTPStatus.FORBIDDEN: "refuses our token",
    HTTPStatus.NOT_FOUND: "is not at its address",
    HTTPStatus.METHOD_NOT_ALLOWED: "is not at its address",
    HTTPStatus.TOO_MANY_REQUESTS: "is busy",
    HTTPStatus.SERVICE_UNAVAILABLE: "is away",
}
_REFUSED: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.NOT_IMPLEMENTED})


class Result(msgspec.Struct, frozen=True):
    """What came of a program."""

    code: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**32 - 1)]
    stdout: str
    stderr: str


class _Away(Exception):
    """Nothing came of the order yet; it may be sent again by its key."""

    def __init__(self, reason: str, *, seconds: float | None = None, sent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds
        self.sent = sent


class ProcessCall(ProtocolFunction):
    """Fills one name in the table of functions; without a runner that starts its kind it refuses every call."""

    kind: ClassVar[str]

    def __init__(self, runner: Runner | None, resources: Resources) -> None:
        self._runner = runner
        self._resources = resources

    async def perform(self, call: Call) -> Any:
        runner = self._runner
        if runner is None or self.kind not in runner.kinds:
            detail = f"the operator has configured no isolating runner that runs `{self.kind}`"
            raise errors.configuration("Programs are not run here", detail)
        arguments = read(call.arguments, Arguments)
        made = await order(self.kind, call, arguments, self._resources, runner.seconds)
        try:
            response = await runner.order(call.tenant, call.key, made, wait=arguments.wait)
        except egress.Refused as error:
            _log.warning("the runner's address may not be called: %s", error.rule)
            raise _Away("The isolating runner cannot be reached") from error
        except egress.Failed as error:
            raise _lost(runner, error) from error
        return _output(runner, arguments, response)

    async def may_repeat(self, call: Call) -> bool:  # noqa: ARG002 (the runner decides, whatever is called)
        """Whether the runner keeps its keys, or there is none, so that every call is refused alike."""
        return self._runner is None or self._runner.repeats or self.kind not in self._runner.kinds

    async def _answer(self, call: Call) -> Answer:
        try:
            return await super()._answer(call)
        except _Away as away:
            error = standard("communication", "The isolating runner is away", away.reason, status=503)
            return Later(reason=away.reason, ref=_REF, error=error, seconds=away.seconds, sent=away.sent)


class ScriptCall(ProcessCall):
    name: ClassVar[str] = "run.script"
    kind: ClassVar[str] = "script"


class ShellCall(ProcessCall):
    name: ClassVar[str] = "run.shell"
    kind: ClassVar[str] = "shell"


class ContainerCall(ProcessCall):
    name: ClassVar[str] = "run.container"
    kind: ClassVar[str] = "container"


def _lost(runner: Runner, error: egress.Failed) -> Exception:
    """What to raise when there is no answer. Hosts and addresses are the operator's business, and stay in the log."""
    _log.warning("the runner gave no answer: %s", error.kind)
    if error.kind == "too-large":
        return _too_much()
    if not error.sent:
        return _Away("The isolating runner cannot be reached")
    return _Away("The isolating runner's answer was lost", sent=True) if runner.repeats else _unknown()


def _unknown() -> Refusal:
    detail = "the program may have been started and its answer was lost; look what it did before you start it again"
    return Refusal(standard("communication", "The outcome is unknown", detail))


def _too_much() -> Refusal:
    detail = f"the program printed more than {OUTPUT_BYTES // 1024**2} MiB"
    return errors.runtime("The program printed too much", detail)


def _output(runner: Runner, arguments: Arguments, response: egress.Response) -> Any:
    status = response.status
    if status == HTTPStatus.OK or (status == HTTPStatus.ACCEPTED and not arguments.wait):
        return _returned(arguments, response.body) if arguments.wait else None
    if status == HTTPStatus.ACCEPTED:
        raise _Away("The program runs", seconds=_pause(response), sent=True)
    if status in _NOT_YET:
        words = _NOT_YET[HTTPStatus(status)]
        _log.warning("the runner answers %d: it %s", status, words)
        raise _Away(f"The isolating runner {words}", seconds=_pause(response))
    if status in _REFUSED:
        raise errors.configuration("The program cannot be started so", _told(runner, response), sent=True)
    if status == HTTPStatus.REQUEST_TIMEOUT:
        raise errors.timeout(f"the program was ended after {runner.seconds:g} s")
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        raise _too_much()
    _log.warning("the runner answers %d", status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and runner.repeats:
        raise _Away("The isolating runner failed", seconds=_pause(response), sent=True)
    raise _unknown()


def _returned(arguments: Arguments, body: bytes) -> Any:
    """What the task wants of the result (DSL reference, Run: `return`); a failed program is an error."""
    try:
        result = msgspec.json.decode(body, type=Result)
    except (msgspec.DecodeError, RecursionError):
        raise errors.unreadable("the isolating runner's answer is no result of a program") from None
    if len(result.stdout.encode()) + len(result.stderr.encode()) > OUTPUT_BYTES:
        raise _too_much()
    if arguments.returns == "code":
        return result.code
    if arguments.returns == "all":
        return {"code": result.code, "stdout": result.stdout, "stderr": result.stderr}
    if result.code != 0:
        words = result.stderr.strip()[-_EXCERPT:] or "it wrote nothing to its standard error"
        raise errors.runtime(f"The program ended with code {result.code}", words)
    return {"stdout": result.stdout, "stderr": result.stderr}.get(arguments.returns)


def _pause(response: egress.Response) -> float | None:
    text = response.headers.get("retry-after", "")
    return min(float(text), _LONGEST_PAUSE) if text.isdecimal() and text.isascii() else None


def _told(runner: Runner, response: egress.Response) -> str:
    try:
        problem = msgspec.json.decode(response.body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        problem = {}
    told = problem.get("detail") or problem.get("title")
    return (
        runner.masked(told)[:_EXCERPT] if isinstance(told, str) else "the isolating runner refuses it and says no more"
    )
