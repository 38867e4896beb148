from __future__ import annotations

from services.connectors.declared.document import RequestPart
from services.connectors.declared.forms.form import Form, Plain
from services.connectors.declared.forms.graphql import GraphQL
from services.connectors.declared.forms.json_rpc import JsonRpc
from services.connectors.declared.forms.odata import OData
from services.connectors.declared.forms.soap import PlainXml, Soap


def form(part: RequestPart) -> Form:
    """How a request part of a manifest talks."""
    if part.graphql is not None:
        return GraphQL()
    if part.json_rpc is not None:
        return JsonRpc()
    if part.xml is not None:
        return Soap(part.xml) if part.xml.soap else PlainXml(part.xml)
    return Plain() if part.odata is None else OData()
