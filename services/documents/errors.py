from __future__ import annotations

from typing import ClassVar

from infra.problems import Problem


class UnknownDocument(Problem):
    """There is no such document there, or it is not whole yet. Nothing was changed; list those of the run or entity."""

    name: ClassVar[str] = "unknown-document"
    title: ClassVar[str] = "There is no such document"
    status: ClassVar[int] = 404


class DocumentRefused(Problem):
    """The file is of no kind that is taken, whatever its name and type say. Send it as one of those that are named."""

    name: ClassVar[str] = "document-refused"
    title: ClassVar[str] = "Files of this kind are not taken"
    status: ClassVar[int] = 415


class DocumentTooLarge(Problem):
    """The file is larger than the installation takes. Nothing was stored; send a smaller one."""

    name: ClassVar[str] = "document-too-large"
    title: ClassVar[str] = "The file is too large"
    status: ClassVar[int] = 413


class DocumentHeld(Problem):
    """Nobody has looked into the file for viruses yet. Ask again later; that is done by itself."""

    name: ClassVar[str] = "document-held"
    title: ClassVar[str] = "The file is held until it was looked into"
    status: ClassVar[int] = 409


class DocumentInfected(Problem):
    """What looked into the file found what nobody may pass on. It is handed to nobody; remove it."""

    name: ClassVar[str] = "document-infected"
    title: ClassVar[str] = "The file was found to be harmful"
    status: ClassVar[int] = 409


class RunIsKept(Problem):
    """The run is kept, and so are its documents. Let the run go first."""

    name: ClassVar[str] = "run-is-kept"
    title: ClassVar[str] = "The run is kept"
    status: ClassVar[int] = 409


class EntityIsKept(Problem):
    """The document's entity is kept, or the one that this turned out to be. Let that go first."""

    name: ClassVar[str] = "entity-is-kept"
    title: ClassVar[str] = "The entity is kept"
    status: ClassVar[int] = 409


class EntityNotKept(Problem):
    """Nobody asked for the entity's documents to be kept. There is nothing to do."""

    name: ClassVar[str] = "entity-not-kept"
    title: ClassVar[str] = "Nobody keeps the entity"
    status: ClassVar[int] = 409
