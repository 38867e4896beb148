"""The portal's client is generated from the document that the API describes itself with, and from nothing older."""

from __future__ import annotations

from services.portal.openapi import document
from tests.house.tree import ROOT

DOCUMENT = ROOT / "services/portal/web/openapi.json"


def test_the_client_is_made_from_the_document_of_this_code() -> None:
    """The second half, document to client, is checked by every build of the pages."""
    assert DOCUMENT.read_bytes() == document(), "the API changed: `make client` makes the portal's client anew"
