from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import post
from litestar.params import JSONBody
from msgspec import UNSET, Meta

from infra import ids
from infra.ids import TenantId
from infra.telemetry import trace
from services.api.call import Call
from services.api.policy import tenant_paths
from services.engine import signalling
from services.events import cloud_event
from services.events.received import Received

_SOURCE: Final = "/signals"


class SignalKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key that the workflow of the runs declares."""

    name: Annotated[str, Meta(min_length=1, max_length=32, pattern="^[^/]", examples=["orderNumber"])]
    value: Annotated[str, Meta(min_length=1, max_length=200, examples=["SO-4711"])]


class NewSignal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A CloudEvent for the runs of one key. Its `subject` is the key's value, its attribute `runkey` the key's name."""

    id: Annotated[str, Meta(min_length=1, max_length=512, description="Unique in its source.")]
    type: Annotated[str, Meta(min_length=1, max_length=512, examples=["order.approved"])]
    key: SignalKey
    data: Any = None
    source: Annotated[str, Meta(min_length=1, max_length=512, description="Of the sender.")] = _SOURCE
    time: str | msgspec.UnsetType = UNSET


class AcceptedSignal(msgspec.Struct, frozen=True, kw_only=True):
    """Stored and handed over. The same signal again gets the same answer."""

    id: Annotated[str, Meta(description="Our id of its event.", examples=["evt_01h455vb4pex5vsknk084sn02q"])]
    runs: Annotated[list[str], Meta(description="Runs of the key that listened for it; each hears it once.")]


@post(tenant_paths("/signals"), summary="Send a signal to the runs of a key", tags=["events"], status_code=202)
async def send_signal(request: Call, data: JSONBody[NewSignal]) -> AcceptedSignal:
    """Reaches every run of the key that listens for the type, and nobody else; it starts no run.

    Answered after the commit. Safe to repeat: a signal is taken once per source and id. Where no run of the key is
    under way it is refused with `no-run-of-key`, where none listens for it now with `nobody-listens`; nothing is stored
    then, and it may be sent again under the same id.
    """
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": data.id,
        "source": data.source,
        "type": data.type,
        "subject": data.key.value,
        "runkey": data.key.name,
        "data": data.data,
    }
    if data.time is not UNSET:
        event["time"] = data.time
    read = cloud_event.read({"content-type": cloud_event.STRUCTURED}, msgspec.json.encode(event))
    place = trace.current().context
    received = Received(ids.new(), read, request.principal.actor, None if place is None else place.encode())
    tenant = TenantId(request.tenant.tenant_id)
    taken = await signalling.signal(request.resources.database, tenant, received, data.key.name, data.key.value)
    if not taken.repeated:  # work that is inside waits for it: it is counted, and never refused
        request.resources.quotas.took(request.tenant, len(await request.body()))
    request.resources.ring()
    request.resources.changes.note([(tenant, run) for run in taken.runs])
    return AcceptedSignal(id=ids.show("evt", taken.event_id), runs=[ids.show("run", run) for run in taken.runs])


HANDLERS: Final = (send_signal,)
