"""Feature files: what a construct of the language must do, as documents with their inputs and outcomes.

A file of `features/` holds `construct`, `page` (of docs/language) and `scenarios`. A scenario has
    name         what it shows
    section      of the language's reference
    document     the workflow without `document`, which is added; or `text`, whole and as written
    input        of the run; null when absent
    events       CloudEvents that come when nothing else can move the run; `id`, `source` may be left out. Where the
                 document has a schedule of events they begin the run
    answers      of the double, by `METHOD /path`: one answer or a list, the last of which repeats; see `doubles`
    nested       workflows that it may run, without `document`, by `name:version` in the namespace `conformance`
    secrets      that the workflow may use; through the product members are those of an HTTP connection's secrets
    runner       true: the operator has a runner that starts programs; else there is none
    operated     what people do to the run by the API whenever it waits, one after the other; nobody does in memory
    clock        how often its schedule comes due, and how late each time, such as `1 second`; the last run is looked at
    memory       why it runs in memory only (a wait that nobody can sit out)
    pending      what the engine does not do yet
    expect       see `Expected`
In texts, `https://double` stands for the address of the double, `{{double}}` for its host with the scenario's path,
`{{id}}` for the scenario's own name; the number 50051 for the port of a gRPC server that answers everything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from services.engine.values import decode
from template_library.dsl.reader import read
from tests.conformance.lifecycle import Expected as Lifecycle

FEATURES: Final = Path(__file__).parent / "features"
PLACE: Final = "https://double"
GRPC_PORT: Final = 50051
_DATA: Final = "${ .[0].data }"
ERRORS: Final = "https://serverlessworkflow.io/spec/1.0.0/errors/"


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What must come of a scenario; what is absent is not looked at.

    Attributes:
        status: of the run; absent with `refused`.
        output: exactly.
        error: these members of it; a `type` without a colon is one of the standard types.
        emitted: events in their order, each with at least these members.
        calls: requests that the double got, in their order, each with at least these members; `path` has the query.
        ran: names of the tasks that began, in their order.
        waited: milliseconds that the run's own clock moved; through the product it lasts no less.
        started: the runs that it began and did not wait for: `workflow` (its name), `status`, `output`.
        lifecycle: its lifecycle events, in their order; see `lifecycle.Expected`.
        runs: how many began by the schedule; one more than `clock` has where the first one begins at once.
        refused: the pointers that the document is refused at, or words by pointer.
    """

    status: str = "completed"
    output: Any = msgspec.UNSET
    error: dict[str, Any] = {}
    emitted: list[dict[str, Any]] | None = None
    calls: list[dict[str, Any]] | None = None
    ran: list[str] | None = None
    waited: int | None = None
    started: list[dict[str, Any]] | None = None
    lifecycle: Lifecycle | None = None
    runs: int | None = None
    refused: dict[str, str] | None = None


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """See the module."""

    name: str
    expect: Expected
    section: str = ""
    document: dict[str, Any] = {}
    text: str = ""
    input: Any = None
    events: list[dict[str, Any]] = []
    answers: dict[str, Any] = {}
    nested: dict[str, dict[str, Any]] = {}
    secrets: dict[str, Any] = {}
    runner: bool = False
    clock: list[str] = []
    operated: list[str] = []
    memory: str = ""
    pending: str = ""
    construct: str = ""
    id: str = ""

    def source(self, double: str, *, trigger: str = "") -> str:
        """The document's text; `double` is the address of the doubles, `trigger` an event type that starts it."""
        if self.text:
            return self._in(self.text, double)
        return self._whole(self.document, self.id, "1.0.0", double=double, trigger=trigger)

    def placed(self, value: Any, double: str) -> Any:
        """`value` with the double's address and the scenario's name in it."""
        return decode(self._in(msgspec.json.encode(value).decode(), double))

    def _in(self, text: str, double: str) -> str:
        address, _, port = double.partition("#")
        place = f"{address}/{self.id}"
        text = text.replace(PLACE, place).replace("{{double}}", place.partition("://")[2]).replace("{{id}}", self.id)
        return text.replace(str(GRPC_PORT), port or str(GRPC_PORT))

    def nested_sources(self, double: str) -> dict[str, str]:
        return {
            whole: self._whole(body, *whole.split(":", 1), double=double, trigger="")
            for whole, body in ((self._in(name, double), body) for name, body in self.nested.items())
        }

    def _whole(self, body: dict[str, Any], name: str, version: str, *, double: str, trigger: str) -> str:
        head = {"dsl": "1.0.3", "namespace": "conformance", "name": name, "version": version}
        whole = {"document": head, **body}
        if trigger and "schedule" not in body:
            whole |= {"schedule": {"on": {"one": {"with": {"type": trigger}}}}, "input": {"from": _DATA}}
        return msgspec.json.encode(self.placed(whole, double)).decode()

    @property
    def begins_by_events(self) -> bool:
        """Whether `events` begin its run, by its own schedule."""
        return bool(self.events) and "on" in self.document.get("schedule", {})

    @property
    def minds_its_input(self) -> bool:
        """Whether it matters that events start the document, whose runs then have an array of events as raw input."""
        return "input" in self.document or "$workflow.input" in self.text + msgspec.json.encode(self.document).decode()

    def launcher(self, trigger: str) -> str:
        """A workflow that sets the document going, with the event's data as its raw input."""
        inner = {"namespace": "conformance", "name": self.id, "version": "1.0.0", "input": "${ . }"}
        tasks = [{"launch": {"run": {"workflow": inner, "await": False}}}]
        return self._whole({"do": tasks}, f"{self.id}-launcher", "1.0.0", double="", trigger=trigger)


class _Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    construct: str
    scenarios: list[dict[str, Any]]
    page: str = ""


def load(folder: Path = FEATURES) -> list[Scenario]:
    """Every scenario, by file and place. Names must be unique in their file."""
    found: list[Scenario] = []
    for path in sorted(folder.glob("*.yaml")):
        feature = msgspec.convert(read(path.read_text(), filename=path.name).value, _Feature)
        for number, one in enumerate(feature.scenarios, 1):
            try:
                scenario = msgspec.convert(one, Scenario)
            except msgspec.ValidationError as error:
                raise ValueError(f"{path.name}: {one.get('name', number)}: {error}") from error
            identity = f"{path.stem}-{number}"
            found.append(msgspec.structs.replace(scenario, construct=feature.construct, id=identity))
    return found
