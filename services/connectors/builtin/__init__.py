"""The connectors that come with the product, data and code, and those that an installation has put beside them."""

from collections.abc import Container
from functools import cache
from pathlib import Path
from typing import Final

from services.connectors.builtin.http import Http
from services.connectors.builtin.imap.connector import Imap
from services.connectors.builtin.smtp.connector import Smtp
from services.connectors.builtin.tryton import Tryton
from services.connectors.declared import installed, library
from services.connectors.declared.connector import Declared
from services.connectors.sdk.connector import Connector
from services.connectors.sdk.manifest import Manifest
from services.engine.expressions.evaluator import NOWHERE
from services.engine.expressions.protocol import Evaluator

_CODE: Final[tuple[Manifest, ...]] = (Http.manifest, Imap.manifest, Smtp.manifest, Tryton.manifest)


def all_connectors(
    evaluator: Evaluator = NOWHERE, folder: Path | None = None, only: Container[str] | None = None
) -> tuple[Connector, ...]:
    """A new instance of each.

    Args:
        evaluator: of the programs of their mappings; who makes no calls needs none.
        folder: of the installation's own connectors (ADR 0078); None: it has none.
        only: the names of those that are wanted; each declared one takes some milliseconds to make.

    Raises:
        FolderUnusable: what is in the folder cannot be offered.
    """
    documents = library.documents()
    if folder is not None:
        documents += installed.documents(folder, own_names())
    wanted = [document for document in documents if only is None or document.name in only]
    return (Http(), Imap(), Smtp(), Tryton(), *(Declared(document, evaluator) for document in wanted))


def offered_connectors(folder: Path | None = None) -> tuple[Connector, ...]:
    """As `all_connectors`, for who looks at them and makes no calls: those that ship are made once a process."""
    return _that_ship() if folder is None else all_connectors(folder=folder)


@cache
def _that_ship() -> tuple[Connector, ...]:
    return all_connectors()


def own_names() -> frozenset[str]:
    """Names that no other connector may have."""
    return frozenset({*(one.name for one in _CODE), *(one.name for one in library.documents())})
