"""How the API's document describes an answer that says no (RFC 9457)."""

from __future__ import annotations

from typing import Final

PROBLEM: Final = {
    "type": "object",
    "title": "Problem",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "Stable; GET it to read what it means."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong here, and what to do."},
        "request_id": {"type": "string", "description": "Name it when you ask for help."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) to the field."},
                    "detail": {"type": "string"},
                    "reason": {"type": "string", "description": "Which of a field's rules, where it has several."},
                    "path": {"type": "array", "items": {"type": "string"}, "description": "The way to a write."},
                },
            },
        },
    },
}
