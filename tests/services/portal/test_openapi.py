"""The document that the web client is generated from."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

import msgspec

from services.api.policy import PREFIX
from services.portal import openapi

WRITTEN = openapi.document()
DOCUMENT: dict[str, Any] = msgspec.json.decode(WRITTEN)


def test_it_is_the_same_bytes_each_time() -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "services.portal.openapi"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
        )
        for seed in ("1", "2")
    ]
    assert [one.communicate()[0] for one in running] == [WRITTEN] * 2


def test_it_holds_what_an_account_can_call_and_nothing_else() -> None:
    paths = DOCUMENT["paths"]
    assert {"/portal/brand", "/portal/session", "/v1/runs", "/v1/templates/{template}", "/v1/events"} <= set(paths)
    # A partner's own people rehearse.
    assert "/v1/templates/{template}/rehearsals" in paths
    assert not [path for path in paths if path.startswith((PREFIX, "/v1/partners", "/health", "/docs"))]
    assert set(paths["/portal/session"]) == {"get", "post", "delete"}


def test_operations_are_named_once_and_by_cookie() -> None:
    operations = [operation for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert {"get_brand", "sign_in", "get_session", "sign_out"} <= set(names)
    assert DOCUMENT["components"]["securitySchemes"]["session"]["name"] == "__Host-session"
    assert "bearer" not in msgspec.json.encode(DOCUMENT).decode()


def test_every_reference_leads_somewhere_and_every_schema_is_led_to() -> None:
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', msgspec.json.encode(DOCUMENT).decode()))
    assert references == set(DOCUMENT["components"]["schemas"])


def test_the_product_is_named_nowhere() -> None:
    assert b"waybill" not in WRITTEN.lower()
