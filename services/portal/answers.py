"""Answers that a browser may keep and ask about: the same bytes come back as 304."""

from __future__ import annotations

import hashlib

from litestar import Response

from services.api.call import Call


def tagged(request: Call, content: bytes, media_type: str, policy: str | None = None) -> Response[bytes]:
    """`content` with its entity tag; `policy` is its Content-Security-Policy, None leaves the strictest."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if policy is not None:
        headers["Content-Security-Policy"] = policy
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
