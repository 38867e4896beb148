from __future__ import annotations

from typing import Any, Final

_SHARED: Final[dict[str, Any]] = {
    "base_url": {
        "type": "string",
        "pattern": "^https?://[^\\s@?#]+$",
        "maxLength": 1000,
        "title": "Base URL",
        "description": "The only origin that the connection's credentials are sent to.",
    },
    "allow_http": {
        "type": "boolean",
        "default": False,
        "title": "Allow plain http",
        "description": "For a system that offers nothing better.",
    },
    "timeout_seconds": {
        "type": "number",
        "minimum": 1,
        "maximum": 30,
        "default": 30,
        "title": "Time limit of a request",
    },
}


_FILES: Final[dict[str, Any]] = {
    "base_url": {
        "type": "string",
        "pattern": "^sftp://[^\\s@?#]+$",
        "maxLength": 1000,
        "title": "Address",
        "description": "Server and folder, such as sftp://files.example.com:22/exchange. Nothing beside it is touched.",
    },
    "user": {"type": "string", "minLength": 1, "maxLength": 200, "title": "Account"},
    "host_keys": {
        "type": "array",
        "items": {
            "type": "string",
            "pattern": "^(SHA256:[A-Za-z0-9+/]{43}=?|[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?)$",
            "maxLength": 2000,
        },
        "minItems": 1,
        "maxItems": 8,
        "title": "Host keys of the server",
        "description": "As SHA256:… or as OpenSSH writes them. Who runs the server says which; another key is refused.",
    },
    "timeout_seconds": {
        **_SHARED["timeout_seconds"],
        "maximum": 120,
        "default": 60,
        "title": "Time limit of a session",
    },
}


_DATABASE: Final[dict[str, Any]] = {
    "base_url": {
        "type": "string",
        "pattern": "^postgresql://[^\\s@?#/]+/[^\\s@?#/]+$",
        "maxLength": 1000,
        "title": "Address",
        "description": "Dialect, server, port and database, such as postgresql://db.example.com:5432/warehouse.",
    },
    "user": {"type": "string", "minLength": 1, "maxLength": 63, "title": "Account"},
    "tls": {
        "enum": ["verified", "none"],
        "default": "verified",
        "title": "TLS",
        "description": "verified: its certificate is checked against the address. none: all can be read on the way.",
    },
    "tls_authority": {
        "type": "string",
        "maxLength": 100_000,
        "default": "",
        "title": "Certificate of its authority",
        "description": "PEM, of an authority that is not publicly trusted.",
    },
    "timeout_seconds": {**_SHARED["timeout_seconds"], "title": "Time limit of a statement"},
}


def database_settings(*required: str, **properties: Any) -> dict[str, Any]:
    """The JSON Schema of a connection to a database."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {**_DATABASE, **properties},
        "required": ["base_url", "user", *required],
        "additionalProperties": False,
    }


_MAIL: Final[dict[str, Any]] = {
    "base_url": {
        "type": "string",
        "maxLength": 300,
        "title": "Address",
        "description": "The only server that the password is sent to.",
    },
    "user": {"type": "string", "minLength": 1, "maxLength": 200, "title": "Account"},
    "timeout_seconds": {
        **_SHARED["timeout_seconds"],
        "maximum": 120,
        "default": 60,
        "title": "Time limit of a session",
    },
}


def mail_settings(pattern: str, hint: str, *required: str, **properties: Any) -> dict[str, Any]:
    """The JSON Schema of a connection to a mail server, whose address is of `pattern`, which `hint` explains."""
    address = {**_MAIL["base_url"], "pattern": pattern, "description": f"{hint} {_MAIL['base_url']['description']}"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {**_MAIL, "base_url": address, **properties},
        "required": ["base_url", *required],
        "additionalProperties": False,
    }


def file_settings(*required: str, **properties: Any) -> dict[str, Any]:
    """The JSON Schema of a connection whose system leaves and takes files over SFTP."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {**_FILES, **properties},
        "required": ["base_url", "user", "host_keys", *required],
        "additionalProperties": False,
    }


def base_url_settings(*required: str, **properties: Any) -> dict[str, Any]:
    """The JSON Schema of a connection that has a base URL, with a connector's own properties added."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {**_SHARED, **properties},
        "required": ["base_url", *required],
        "additionalProperties": False,
    }


def watch_setting(triggers: list[str]) -> dict[str, Any]:
    """The JSON Schema of the setting that names which of a connector's triggers are asked."""
    return {
        "type": "array",
        "items": {"enum": triggers},
        "uniqueItems": True,
        "default": [],
        "title": "What is watched",
        "description": "Triggers that are asked over and over; each that is new becomes an event.",
    }
