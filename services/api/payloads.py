"""What of a run's data a caller sees: whole, masked, or nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from infra.ids import TenantId
from services.api import masking
from services.api.call import Call, Payloads
from services.api.graphs import WorkflowUnreadable
from services.api.run_view import raw
from services.engine.functions import without_words


async def written(request: Call, run: Any, texts: Iterable[str | None]) -> masking.Written:
    """What the run's document itself says of errors, where one of `texts` tells of one to who sees them masked."""
    if request.payloads != "masked" or not any(text and '"detail"' in text for text in texts):
        return frozenset()
    place = (run["deployment_id"], run["revision"], run["program"])
    try:
        return (await request.resources.graphs.of_revision(TenantId(request.tenant.tenant_id), *place)).written
    except WorkflowUnreadable:
        return frozenset()


def _whole(text: str | None, _: masking.Written) -> Any:
    return raw(text)


def kind_of_error(text: str | None, _: masking.Written) -> Any:
    """Of problem details what no payload can speak through."""
    return None if text is None else without_words(msgspec.json.decode(text))


def _nothing(_: str | None, __: masking.Written = frozenset()) -> None:
    return None


Show = Callable[[str | None], Any]
ShowError = Callable[[str | None, masking.Written], Any]
DATA_OF_RUN: Final[Mapping[Payloads, tuple[Show, ShowError]]] = {
    "whole": (raw, _whole),
    "masked": (masking.masked, masking.masked_error),
    "hidden": (_nothing, kind_of_error),
}
DATA: Final[Mapping[Payloads, ShowError]] = {"whole": _whole, "masked": masking.masked_line, "hidden": _nothing}
