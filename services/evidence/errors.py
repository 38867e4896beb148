from __future__ import annotations

from typing import ClassVar

from infra.problems import Problem


class UnknownCase(Problem):
    """There is no such case of evidence, or none that the caller may see. Open one first."""

    name: ClassVar[str] = "unknown-evidence-case"
    title: ClassVar[str] = "There is no such case of evidence"
    status: ClassVar[int] = 404


class CaseIsOther(Problem):
    """The case was opened about something else, or for another reason. Use another key."""

    name: ClassVar[str] = "evidence-case-is-other"
    title: ClassVar[str] = "The case is about something else"
    status: ClassVar[int] = 409


class TooManyPapers(Problem):
    """A case asks for fifty papers at most. Open another one for what is more; this one stays as it was."""

    name: ClassVar[str] = "too-many-papers"
    title: ClassVar[str] = "The case would ask for too many papers"
    status: ClassVar[int] = 409


class NoSuchPaper(Problem):
    """The case asks for no such paper, or none of its documents has this id. Look at what it needs and has."""

    name: ClassVar[str] = "no-such-paper"
    title: ClassVar[str] = "The case has no such paper or document"
    status: ClassVar[int] = 409
