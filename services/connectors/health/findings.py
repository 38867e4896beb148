"""What an answer to a check says of its connection, in words of our own; only names of rights are its side's."""

from __future__ import annotations

import re
from typing import Final

from infra.problems import Problem
from services.connectors.health.checks import Found
from services.connectors.health.endings import Ending
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Refusal
from services.connectors.sdk.grant import Grant
from services.connectors.sdk.manifest import Manifest
from services.engine.functions import Answer, Done, Failed, Later

_NOT_FOUND: Final = 404
_BROKEN: Final = 502
_MOST: Final = 50
_SCOPE: Final = re.compile(r"(?=.{1,100}$)[\x21-\x7e]+( [\x21-\x7e]+)*")
"""What a right may be called (RFC 6749, 3.3), or a group of them in words; nothing else of the other side's is kept."""
_OURS: Final = frozenset({"authentication", "authorization", "configuration", "timeout", "validation"})
"""Kinds whose words are our own, and say what to change."""


def of(
    answer: Answer,
    context: Context,
    manifest: Manifest,
    ending: Ending | None,
    rights: frozenset[str] | None = None,
) -> Found:
    """`context`: of the call that was answered, which was quiet. `rights`: what its side says that it may, if any."""
    excess = _excess(context.grant, manifest, rights)
    kind, detail = ("", "") if isinstance(answer, Done) else _words(answer, manifest)
    left = context.allowance
    return Found(
        error=kind,
        detail=detail,
        took=round(context.exchanges[-1].milliseconds) if context.exchanges else None,
        quota_left=None if left is None else left.left,
        quota_most=None if left is None else left.most,
        quota_seconds=None if left is None else left.seconds,
        ends_at=None if ending is None else ending.at,
        ends=None if ending is None else ending.what,
        renews=ending is not None and ending.renews,
        excess=excess or [],
        rights_told=excess is not None,
    )


def unopened(refused: Refusal | Problem) -> Found:
    """Of a connection that could not be asked."""
    name = refused.name if isinstance(refused, Refusal) else "configuration"
    return Found(error=name, detail=refused.detail or refused.title)


def unforeseen(error: Exception) -> Found:
    """Of a check that ended in an error of ours; its words may hold what was answered, and its kind does not."""
    told = f"The check failed on our side ({type(error).__name__}): the connector may not know what it was answered"
    return Found(error="runtime", detail=f"{told}. Does the setting `base_url` lead to the right system?")


def _words(answer: Answer, manifest: Manifest) -> tuple[str, str]:
    """The kind of its error, and what to change."""
    assert not isinstance(answer, Done)  # noqa: S101 (which has none)
    kind = answer.error.type.rpartition("/")[2]
    if isinstance(answer, Later):
        return kind, _sentence(answer.reason)
    if kind in _OURS:
        return kind, answer.error.detail
    if isinstance(answer, Failed) and answer.error.status == _BROKEN:
        told = f"Its answer is none that the connector {manifest.name} {manifest.version} knows: {answer.error.detail}"
        return kind, f"{told}. Does the setting `base_url` lead to the right system, of a version that it is for?"
    hint = "; is the setting `base_url` the address of its API?" if answer.error.status == _NOT_FOUND else ""
    return kind, f"It refused with status {answer.error.status} what it is asked to see whether it is well{hint}"


def _sentence(reason: str) -> str:
    """`reason` says of which connection it is, and then why."""
    why = reason.partition(": ")[2] or reason
    return why[:1].upper() + why[1:]


def _excess(grant: Grant | None, manifest: Manifest, rights: frozenset[str] | None) -> list[str] | None:
    """Rights beside those that any operation needs; None: nobody says which there are, or which are needed."""
    needed = {scope for one in manifest.operations for scope in one.scopes}
    # A system that is asked may say that there are none; a grant without any has said nothing.
    known = rights if rights is not None or grant is None else grant.scopes or None
    if not needed or known is None:
        return None
    return sorted(one for one in known - needed - manifest.asked if _SCOPE.fullmatch(one))[:_MOST]
