"""`waybill deployment migrate`: page by page through what waits, with what can move and what cannot."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click
import msgspec

from services.cli.client import Api


async def plan(api: Api, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Everything that a migration would do: the previews of all pages as one."""
    whole: dict[str, Any] = {}
    refused: dict[tuple[str, str], dict[str, Any]] = {}
    after: str | None = None
    while True:
        seen = await api.send("POST", path, {**body, "preview": True, **({"after": after} if after else {})})
        whole = whole or {**seen, "examined": 0, "covered": 0}
        whole["examined"] += seen["examined"]
        whole["covered"] += seen["covered"]
        for one in seen["refused"]:
            known = refused.setdefault((one["reference"], one["detail"]), {**one, "count": 0})
            known["count"] += one["count"]
        after = seen["next"]
        if after is None:
            break
    return {
        "standing": whole["count"],
        "busy": whole["busy"],
        "examined": whole["examined"],
        "movable": whole["covered"],
        "refused": sorted(refused.values(), key=lambda one: -one["count"]),
        "suggested_map": whole["suggested"],
    }


async def move(api: Api, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Every page that a preview shows is moved before the next one is looked at."""
    outcomes: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    after: str | None = None
    while True:
        seen = await api.send("POST", path, {**body, "preview": True, **({"after": after} if after else {})})
        for one in seen["refused"]:
            refused[one["detail"]] += one["count"]
        if seen["token"] is not None:
            outcomes += Counter((await _moved(api, path, seen["token"])).values())
        after = seen["next"]
        if after is None:
            break
    return {"outcomes": dict(outcomes), "refused": dict(refused)}


async def _moved(api: Api, path: str, token: str) -> dict[str, str]:
    """What became of each run of a preview. Its token sent again tells of those moved before that they are."""
    outcomes: dict[str, str] = {}
    while True:
        done = (await api.send("POST", path, {"token": token}))["runs"]
        for run in done:
            if run["outcome"] != "left":
                outcomes.setdefault(run["id"], run["outcome"])
        if len(outcomes) == len(done):
            return outcomes


def read_map(file: Path | None) -> dict[str, str]:
    """The JSON object of pointers in `file`."""
    if file is None:
        return {}
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}") from None
    except msgspec.MsgspecError as error:
        raise click.UsageError(f"{file} holds no JSON object of pointers, old to new: {error}") from None
