"""S-71, S-78: what one installation sealed, another with the same key file does not open."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.errors import SecretUnreadable
from infra.encryption.installed import InstalledKeys, InstalledWrapper
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from tests.superuser import connected


async def test_S_71_S_78_a_value_is_bound_to_its_installation_as_well_as_to_its_row(
    stack: Stack, endpoints: Endpoints, app_database: Database, tmp_path: Path
) -> None:
    create_kek_file(tmp_path / "kek")
    file = FileKeyProvider(tmp_path / "kek")
    here = InstalledKeys(file, app_database)
    sealed = await InstalledWrapper(file, app_database).wrap(b"value", b"row 1")
    assert sealed[:8] == here.id == file.id, "it is counted under its key as before"
    assert await here.unwrap(sealed, b"row 1") == b"value"
    with pytest.raises(SecretUnreadable):
        await here.unwrap(sealed, b"row 2")
    with pytest.raises(SecretUnreadable):
        await file.unwrap(sealed, b"row 1")
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as admin:
        was = await admin.fetchval("SELECT installation_id FROM app.installation")
        another = "UPDATE app.installation SET installation_id = "
        await admin.execute(f"{another} gen_random_uuid()")
        try:
            with pytest.raises(SecretUnreadable):
                await InstalledKeys(file, app_database).unwrap(sealed, b"row 1")
        finally:
            await admin.execute(f"{another} $1", was)
    assert await InstalledKeys(file, app_database).unwrap(sealed, b"row 1") == b"value"
