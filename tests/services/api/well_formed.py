"""What every error looks like."""

from __future__ import annotations

from tests.asgi import Answer


def well_formed(answer: Answer, status: int, name: str) -> None:
    """A problem document with all its members, and the headers of every answer."""
    assert (answer.status, answer.problem) == (status, name), answer.body
    assert {"type", "title", "status", "detail", "request_id"} <= set(answer.json)
    assert answer.json["status"] == status
    assert answer.json["request_id"] == answer.headers["request-id"]
