"""What the operator's program says of a document decides who gets it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from infra.database import Database
from infra.encryption.installed import InstalledKeys
from infra.encryption.key_provider import FileKeyProvider
from infra.settings import Settings
from services.api.app import create_app
from services.documents import holding
from services.documents.documents import Documents
from tests.asgi import Caller, running
from tests.infra.objects.test_scanning import EICAR, LOOKER
from tests.services.api.parties import Parties
from tests.services.api.routes.test_documents import PDF, add, content
from tests.services.api.routes.test_documents import run as run  # noqa: PLC0414 (a fixture)


class Scanned:
    """An API whose operator has a scanner."""

    def __init__(self, settings: Settings, caller: Caller, script: Path) -> None:
        self.settings, self.caller, self.script = settings, caller, script


@pytest.fixture
async def scanned(api_settings: Settings, tmp_path: Path, parties: Parties) -> AsyncIterator[Scanned]:
    script = tmp_path / "look.py"
    script.write_text(LOOKER)
    changed = msgspec.structs.replace(api_settings, document_scan=f"{sys.executable} -I {script}")
    app = create_app(changed)
    async with running(app):
        yield Scanned(changed, Caller(app, parties.acme.key), script)


async def test_a_scanner_decides_what_is_handed_out(scanned: Scanned, run: str) -> None:
    good, bad = await add(scanned.caller, run), await add(scanned.caller, run, b"%PDF-1.7 " + EICAR)
    assert (good.json["state"], bad.json["state"]) == ("clean", "infected")
    assert (await content(scanned.caller, good)).status == 200
    refused = await content(scanned.caller, bad)
    assert (refused.status, refused.problem) == (409, "document-infected")
    assert b"EICAR" not in refused.body


async def test_what_could_not_be_looked_into_is_held_until_it_was(
    scanned: Scanned, run: str, app_database: Database
) -> None:
    scanned.script.unlink()
    good, bad = await add(scanned.caller, run), await add(scanned.caller, run, b"%PDF-1.7 " + EICAR)
    assert (good.json["state"], bad.json["state"]) == ("held", "held")
    refused = await content(scanned.caller, good)
    assert (refused.status, refused.problem) == (409, "document-held")
    scanned.script.write_text(LOOKER)
    keys = InstalledKeys(FileKeyProvider(scanned.settings.kek_file), app_database)
    known = Documents(app_database, scanned.settings, keys)
    assert await holding.look(app_database, known, 0) == 2
    states = {one["id"]: one["state"] for one in (await scanned.caller.get(f"/v1/runs/{run}/documents")).json["items"]}
    assert states == {good.json["id"]: "clean", bad.json["id"]: "infected"}
    assert (await content(scanned.caller, good)).body == PDF
