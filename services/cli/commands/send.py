from __future__ import annotations

import asyncio
import shlex
import sys
import uuid
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec

from infra import clock
from services.cli.client import Api, NotAnswered, Problem
from services.cli.options import Terminal, api_options

T = TypeVar("T")
STRUCTURED: Final = "application/cloudevents+json"
FAILED: Final = 1
INVALID: Final = 2
_SEND_SECONDS: Final = 10.0
_WAIT_SECONDS: Final = 2
_AGAIN_SECONDS: Final = 0.5
_TOO_MANY: Final = 429
_QUOTA: Final = "/problems/quota-reached"
_FIRST_OUTAGE: Final = 500
_ENDED: Final = frozenset({"completed", "faulted", "cancelled"})
_MARKS: Final = {
    "task.completed": "✓",
    "task.faulted": "✗",
    "task.skipped": "·",
}


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--new-id", is_flag=True, help="Send it as a new event, whatever id the file has.")
@click.option(
    "--id", "id_", metavar="ID", help="Send it under this id: an event that was taken under it is not taken twice."
)
@click.option("--wait", type=click.FloatRange(0), default=300.0, show_default=True, help="Seconds to follow the run.")
@click.option("--until-person", is_flag=True, help="Follow each run to its end, or until it waits for a person.")
@api_options
def command(  # noqa: PLR0913 - one argument an option
    terminal: Terminal, *, file: Path, new_id: bool, id_: str | None, wait: float, until_person: bool
) -> None:
    """Send the CloudEvent in FILE and follow the runs that it starts.

    An event without an id, or with the id `*`, gets a fresh one, so that the file can be sent again and again. While
    the API is away it is sent again under the same id for ten seconds.
    Exit code 0: every run completed (or waits for a person, with --until-person), or there is none and a mapping takes
    it; 1: refused, faulted, cancelled, not known to have ended after the wait, or nothing waits for it; 2: no event.
    """
    if new_id and id_ is not None:
        raise click.UsageError("--new-id and --id exclude each other")
    event = _event(file, new_id=new_id)
    event["id"] = id_ or event["id"]

    async def work(api: Api) -> tuple[list[Any], bool]:
        accepted = await _deliver(api, event, file)
        _say(terminal, f"event {event['id']} taken as {accepted['id']}")
        # An API of an older version does not tell of mappings.
        mappings = accepted.get("mappings", [])
        for name in mappings:
            _say(terminal, f"mapping {name} takes it into records")
        if not accepted["runs"] and not mappings:
            _say(terminal, f"no deployment waits for events of type {event.get('type')}")
        try:
            until = partial(_follow, terminal, api, until_person=until_person)
            followed = [await until(run, clock.monotonic() + wait) for run in accepted["runs"]]
        except (NotAnswered, Problem) as error:
            # The event is stored whatever becomes of the looking: in no case is it said to be lost.
            names = ", ".join(accepted["runs"])
            raise NotAnswered(
                f"The event was taken, run {names}; it cannot be followed now ({_why(error)}).\n"
                f"  It goes on by itself: `waybill run show {accepted['runs'][0]}` tells how it went."
            ) from None
        return followed, bool(followed or mappings)

    runs, is_taken = terminal.run(work)
    if terminal.as_json:
        click.echo(msgspec.json.encode(runs).decode())
    sys.exit(0 if is_taken and all(_is_well(run, until_person=until_person) for run in runs) else FAILED)


def _event(file: Path, *, new_id: bool) -> dict[str, Any]:
    try:
        event = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except OSError as error:
        click.echo(f"Error: {file}: {error.strerror}", err=True)
        sys.exit(INVALID)
    except msgspec.MsgspecError as error:
        click.echo(f"Error: {file} is no event: {error}", err=True)
        sys.exit(INVALID)
    if new_id or event.get("id", "*") == "*":
        event["id"] = str(uuid.uuid4())
    return event


async def _deliver(api: Api, event: dict[str, Any], file: Path) -> Any:
    """What the API answers. Sent again under the same id while it is away: it takes an id once.

    Raises:
        NotAnswered: it stays away; the message says how to send the event again.
    """

    async def post() -> Any:
        return await api.call("POST", api.account.path("/events"), event, media_type=STRUCTURED)

    try:
        return await _steadily(post, clock.monotonic() + _SEND_SECONDS)
    except (NotAnswered, Problem) as error:
        if isinstance(error, Problem) and not _passing(error):
            raise
        raise NotAnswered(
            f"{_why(error)}. Whether event {event['id']} was taken is not known.\n"
            f"  Send it again under its id, so that it counts once: "
            f"`waybill send {shlex.quote(str(file))} --id {shlex.quote(str(event['id']))}`"
        ) from None


async def _follow(terminal: Terminal, api: Api, run: str, until: float, *, until_person: bool) -> Any:
    """Print what happens in the run until it ends, the time is up, or a person is to act; answers its last view."""
    _say(terminal, f"run   {run}")
    told, waiting = 0, None
    while True:
        seen, lines = await _steadily(lambda: _look(api, run, until), until)
        for line in lines[told:]:
            for text in _progress(line):
                _say(terminal, text)
        told = len(lines)
        reason = (seen["waiting_for"] or {}).get("reason")
        if reason and reason != waiting:
            _say(terminal, f"  … {reason}")
        waiting = reason
        if seen["state"] in _ENDED:
            _result(terminal, seen)
            return seen
        if until_person and _waits_for_person(seen):
            _say(terminal, f"waits for a person; then it goes on by itself: `waybill run show {run}`")
            return seen
        if clock.monotonic() >= until:
            _say(terminal, f"{seen['state']}: still open after the wait; it goes on by itself")
            return seen


def _waits_for_person(seen: dict[str, Any]) -> bool:
    return (seen["waiting_for"] or {}).get("kind") == "person"


def _is_well(run: dict[str, Any], *, until_person: bool) -> bool:
    return run["state"] == "completed" or (until_person and _waits_for_person(run))


async def _look(api: Api, run: str, until: float) -> tuple[Any, list[Any]]:
    seen = await api.get(f"/runs/{run}", wait=max(0, min(_WAIT_SECONDS, int(until - clock.monotonic()))))
    return seen, await api.pages(f"/runs/{run}/journal", limit=200)


async def _steadily(read: Callable[[], Awaitable[T]], until: float) -> T:
    """What `read` answers, asked again while the API is away or busy, until the time is up."""
    while True:
        try:
            return await read()
        except (NotAnswered, Problem) as error:
            if not _passing(error) or clock.monotonic() + _AGAIN_SECONDS > until:
                raise
        await asyncio.sleep(_AGAIN_SECONDS)


def _passing(error: NotAnswered | Problem) -> bool:
    """Whether it may go better in a moment."""
    if not isinstance(error, Problem):
        return True
    # What a quota refuses is known not to be stored, and says itself when to send it again.
    is_quota = error.document.get("type") == _QUOTA
    return (error.status == _TOO_MANY and not is_quota) or error.status >= _FIRST_OUTAGE


def _why(error: NotAnswered | Problem) -> str:
    """Without a refusal's detail: that speaks of the reading, and would be read as speaking of the event."""
    return f"the API answers {error.status}" if isinstance(error, Problem) else str(error).rstrip(".")


def _progress(line: dict[str, Any]) -> Iterator[str]:
    mark = _MARKS.get(line["kind"])
    if mark is not None and line["name"]:
        yield f"  {mark} {line['name']}"
    elif line["kind"].startswith("run."):
        yield f"  ! {line['kind']}"


def _result(terminal: Terminal, seen: dict[str, Any]) -> None:
    _say(terminal, seen["state"])
    result = seen["error"] if seen["error"] is not None else seen["output"]
    if result is not None:
        _say(terminal, msgspec.json.format(msgspec.json.encode(result)).decode())


def _say(terminal: Terminal, text: str) -> None:
    if not terminal.as_json:
        click.echo(text)
