from __future__ import annotations

from services.connectors.declared.document import RequestPart
from services.connectors.declared.forms.form import Form, Plain
from services.connectors.declared.forms.graphql import GraphQL
from services.connectors.declared.forms.json_rpc import JsonRpc
from services.connectors.declared.forms.odata import OData


def form(part: RequestPart) -> Form:
    """How a request part of a manifest talks."""
    if part.graphql is not None:
        return GraphQL()
    if part.json_rpc is not None:
        return JsonRpc()
    return Plain() if part.odata is None else OData()
