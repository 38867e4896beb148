"""How a request of a manifest is made: over HTTP, with a file, or as a statement."""

from __future__ import annotations

from collections.abc import Sequence

from services.connectors.declared.credentials.kinds import Credentials
from services.connectors.declared.document import Document, InsteadPart, OperationPart, RequestPart
from services.connectors.declared.exchanges import Exchange
from services.connectors.declared.files.exchange import FileExchange
from services.connectors.declared.files.layouts import Layouts
from services.connectors.declared.forms import choosing
from services.connectors.declared.replies import Replies
from services.connectors.declared.requests import Requests
from services.connectors.declared.sql.exchange import SqlExchange

Channel = Exchange | FileExchange | SqlExchange


class Channels:
    """Of one operation, which stands at `pointer`."""

    def __init__(self, document: Document, part: OperationPart, pointer: str, credentials: Credentials) -> None:
        self._document = document
        self._part = part
        self._pointer = pointer
        self._credentials = credentials

    def of(self, request: RequestPart, pointer: str, instead: Sequence[InsteadPart] = ()) -> Channel:
        """That of a request of it, which stands at `pointer`. `instead`: answers of it that are no errors."""
        document, part = self._document, self._part
        if request.file is not None:
            return FileExchange(request.file, f"{pointer}/file", Layouts(document.layouts))
        if request.sql is not None:
            return SqlExchange(request.sql, f"{pointer}/sql", document.statements, part.scopes)
        form = choosing.form(request)
        rules = [(one, f"{self._pointer}/errors/{index}") for index, one in enumerate(part.errors)]
        rules += [(one, f"/errors/{index}") for index, one in enumerate(document.errors)]
        replies = Replies(
            [(one, f"{self._pointer}/instead/{index}") for index, one in enumerate(instead)],
            rules,
            form=form,
            waits=document.waits,
            change=self._credentials.change,
            scopes=part.scopes,
            secrets=document.secrets,
        )
        return Exchange(Requests(request, pointer, form), replies, self._credentials)
