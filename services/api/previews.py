"""Tokens of previews: what was seen, and is done when the token is sent. Nothing is stored for them (ADR 0024)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final

from infra.ids import TenantId
from infra.pagination import BadCursor
from services.api.call import Call

MAX_TEXT: Final = 16_384
EXAMPLES: Final = 20
"""Of what a preview stands for, those that it shows."""


def issue(request: Call, purpose: str, tenant: TenantId, content: bytes) -> str:
    """A token that holds `content`, good for 24 hours, for this tenant and this `purpose` alone."""
    digest = hashlib.sha256(content).hexdigest()
    sealed = request.resources.cursors.issue(digest, purpose, str(tenant))
    return f"{sealed}.{base64.urlsafe_b64encode(content).decode()}"


def read(request: Call, purpose: str, tenant: TenantId, token: str) -> bytes:
    """What `issue` was given. Raises BadCursor."""
    sealed, _, text = token.partition(".")
    try:
        content = base64.b64decode(text.encode("ascii", "replace"), altchars=b"-_", validate=True)
    except binascii.Error:
        raise BadCursor("The token is not one of a preview; make another") from None
    if request.resources.cursors.read(sealed, purpose, str(tenant)) != hashlib.sha256(content).hexdigest():
        raise BadCursor("The token is not one of a preview; make another")
    return content
