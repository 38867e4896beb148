"""The first step of a claim whose run begins, or is tried again."""

from __future__ import annotations

from infra import ids
from services.engine import values
from services.engine.claims import Claim
from services.engine.definitions import Definition
from services.engine.faults import standard
from services.engine.functions import ErrorDetails
from services.engine.patience import now
from services.engine.payloads import PayloadUnreadable
from services.engine.state import RunDescriptor, Snapshot, Step


async def begin(claim: Claim, definition: Definition, stood: Snapshot | None) -> Step:
    """`stood`: where a faulted run is tried again from; None: it begins.

    Raises:
        ValueRefused: the input cannot be used.
        ExpressionsUnavailable: nothing happened; begin again.
    """
    if stood is not None:
        return await definition.interpreter.retry(stood, now=now(claim))
    descriptor = RunDescriptor(
        id=ids.show("run", claim.run_id),
        tenant=ids.show("ten", claim.tenant_id),
        environment=claim.environment,
        started_at=int(claim.created_at.timestamp() * 1000),
        parameters=definition.parameters,
        depth=claim.depth,
    )
    # The data of events may be as deep as values may, and lies in an event in an array.
    value = values.decode(claim.input or "null", depth=values.DEPTH + 2)
    # Its clocks run from its first claim: what stood in line for long has all of its waits and timeouts before it, and
    # what begins again after a crash asks for the same things under the same keys (ADR 0009).
    return await definition.interpreter.begin(value, descriptor, now=int(claim.started_at.timestamp() * 1000))


def refused(error: PayloadUnreadable | values.ValueRefused) -> ErrorDetails:
    """What a run ends of whose values cannot be had, or whose input cannot be used."""
    if isinstance(error, PayloadUnreadable):
        return standard("runtime", error.title, error.detail)
    return standard("validation", "The input cannot be used", f"the input is {error}", instance="/input")
