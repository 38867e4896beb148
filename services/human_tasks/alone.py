"""A human task where there are no people: `waybill workflow run` says for whom the run would wait (ADR 0097)."""

from __future__ import annotations

from typing import Final

import msgspec

from services.engine.functions import STANDARD_ERRORS, Answer, Call, ErrorDetails, Failed, Functions
from services.human_tasks.rows import whom
from template_library import human_tasks

PERSON_NEEDED: Final = "/problems/person-needed"


async def needs_a_person(call: Call) -> Answer:
    """Fills the engine's Function protocol. The task fails; a document may catch it by its type."""
    try:
        asked = human_tasks.read(call.arguments)
    except msgspec.ValidationError as error:
        kind, title, detail = f"{STANDARD_ERRORS}validation", "The task cannot be read", str(error)
    else:
        kind, title = PERSON_NEEDED, "A person is needed"
        detail = (
            f"{whom(asked.role)} is to do the task {asked.task} and choose one of "
            f"{', '.join(asked.outcomes)}; run it in a deployment, where people have roles"
        )
    return Failed(error=ErrorDetails(type=kind, status=400, title=title, detail=detail), sent=False)


ALONE: Final[Functions] = {human_tasks.NAME: needs_a_person}
"""What a run in memory may call beside the protocols."""
