"""A file that comes for longer than anybody waits for it, and how long each is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from infra import ids
from infra.database import Database, Scope
from infra.encryption.key_provider import FileKeyProvider
from infra.ids import TenantId
from infra.objects.local import LocalStore
from infra.objects.scanning import Scanner
from infra.objects.store import StoreAway
from infra.settings import Settings
from services.documents.documents import Documents, New
from services.documents.errors import UnknownDocument
from services.worker import documents as cleaning
from tests.services.api.parties import Parties
from tests.services.api.routes.test_documents import PDF, add, files, run

__all__ = ["run"]


class Unread(LocalStore):
    """It takes files, and is away when they are read."""

    is_away = True

    async def get(self, tenant: UUID, name: UUID) -> AsyncIterator[bytes]:
        if self.is_away:
            raise StoreAway
        async for part in super().get(tenant, name):
            yield part


@pytest.mark.parametrize("ends", ["whole", "the store is away"])
async def test_a_file_that_comes_for_hours_is_given_up_and_leaves_nothing(
    parties: Parties, run: str, api_settings: Settings, worker_database: Database, app_database: Database, ends: str
) -> None:
    """Its row is gone before its bytes are there: nobody would find them any more."""
    tenant, store = TenantId(ids.read("ten", parties.ids["acme:live"])), Unread(api_settings.objects_folder)

    async def slowly() -> AsyncIterator[bytes]:
        yield PDF
        async with app_database.tenant(tenant) as connection:
            await connection.execute("UPDATE app.document SET changed_at = changed_at - interval '2 hours'")
        assert await cleaning.drop(worker_database, store) == 1
        yield PDF

    documents = Documents(app_database, api_settings, FileKeyProvider(api_settings.service_key), store)
    new = New(tenant=tenant, run=ids.read("run", run), name="pod.pdf", class_="proof", actor="key:x")
    if ends != "whole":
        documents.scanner = Scanner("true", 5)
    with pytest.raises(UnknownDocument if ends == "whole" else StoreAway):
        async with documents.taking(new, slowly()) as taken, app_database.session(Scope.tenant(tenant)) as session:
            await documents.complete(session, taken)
    assert files(api_settings) == []


async def test_each_class_is_kept_for_its_own_time(parties: Parties, run: str, api_settings: Settings) -> None:
    days = api_settings.document_days
    assert len(set(days.values())) == len(days) > 1, "or else it would not be seen whose time it is"
    for kind, long in days.items():
        shown = (await add(parties.acme, run, b"%PDF-", also=f"&document_class={kind}")).json
        made, keep = (datetime.fromisoformat(shown[one]) for one in ("created_at", "keep_until"))
        assert abs(keep - made - timedelta(days=long)) < timedelta(minutes=1), kind


class Stubborn(LocalStore):
    """It keeps one file, whatever it is told."""

    kept: UUID | None = None

    async def remove(self, tenant: UUID, name: UUID) -> None:
        if name == self.kept:
            raise StoreAway
        await super().remove(tenant, name)


async def test_a_file_that_cannot_be_removed_keeps_no_other(
    parties: Parties, run: str, api_settings: Settings, worker_database: Database
) -> None:
    made = [(await add(parties.acme, run)).json["id"] for _ in range(3)]
    for one in made:
        assert (await parties.acme.post(f"/v1/runs/{run}/documents/{one}/remove", {"reason": "a test"})).status == 204
    store = Stubborn(api_settings.objects_folder)
    store.kept = ids.read("doc", made[0])
    with pytest.raises(StoreAway):
        await cleaning.drop(worker_database, store)
    assert len(files(api_settings)) == 1
    store.kept = None
    assert await cleaning.drop(worker_database, store) == 1
    assert files(api_settings) == []
