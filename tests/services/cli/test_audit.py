"""`waybill audit` as operators, partners and auditors use it, against an API in a process of its own (A17)."""

from __future__ import annotations

import asyncio
import csv
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from infra.encryption import signing_key
from infra.encryption.signing_key import SigningKey
from services.cli.main import waybill
from services.worker.sealing import one_round
from tenants.audit.heads import FolderHeads
from tenants.audit.publishing import Publisher
from tests.served import served
from tests.tenants.audit.chains import owner

CLIENT = ("--client", "acme")


class House(msgspec.Struct, kw_only=True):
    """An installation with the keys of its operator, of the partner harbor and of its client acme."""

    environment: dict[str, str]
    operator: str = ""
    partner: str = ""
    client: str = ""

    async def run(self, *words: str, key: str = "") -> Result:
        """Each command has a loop of its own, so not on this one."""
        given = {**self.environment, "WAYBILL_API_KEY": key}
        return await asyncio.to_thread(lambda: CliRunner().invoke(waybill, list(words), env=given))

    async def made(self, *words: str, key: str) -> str:
        """The text of a key, where one was made."""
        done = await self.run(*words, "--json", key=key)
        assert done.exit_code == 0, (words, done.output)
        found: dict[str, str] = msgspec.json.decode(done.stdout)
        return found.get("key", "")

    async def said(self, *words: str, key: str = "") -> str:
        """What a command of the audit prints that must do well."""
        done = await self.run("audit", *words, key=key)
        assert done.exit_code == 0, (words, done.output, done.exception)
        return done.stdout

    async def refused(self, *words: str, key: str = "", code: int = 1) -> str:
        done = await self.run("audit", *words, key=key)
        assert done.exit_code == code, (words, done.output, done.exception)
        return done.output


@pytest.fixture
async def house(endpoints: Endpoints, tmp_path: Path) -> AsyncIterator[House]:
    with served(tmp_path, endpoints, WAYBILL_WORKER_DATABASE_URL=endpoints.worker_database_url) as (_, environment):
        house = House(environment=environment)
        house.operator = (await house.run("operator", "create")).stdout.strip()
        await house.made("partner", "create", "harbor", "--name", "Harbor", key=house.operator)
        house.partner = await house.made("key", "create", "--name", "x", "--partner", "harbor", key=house.operator)
        await house.made("client", "create", "acme", "--name", "Acme", key=house.partner)
        house.client = await house.made("key", "create", "--name", "shop", *CLIENT, key=house.partner)
        for slug in ("depot", "yard", "quay"):
            await house.made("site", "create", slug, "--name", slug, *CLIENT, key=house.partner)
        yield house


async def seal(worker: Database, home: Path) -> None:
    """As a worker of this home does."""
    key = SigningKey(home / "secrets" / "audit-key")
    await one_round(worker, key, Publisher(FolderHeads(home / "audit-heads"), key))


async def test_A17_each_log_is_listed_exported_and_verified_from_the_terminal(
    house: House, worker_database: Database, tmp_path: Path
) -> None:
    assert "UNKNOWN the API has no public key" in await house.refused("check", key=house.client)
    assert "the first worker makes it" in await house.refused("key")
    await seal(worker_database, tmp_path)
    assert re.fullmatch(r"[A-Za-z0-9+/]{43}=", (await house.said("key")).strip())
    for number, (log, key, word) in enumerate(
        (
            ((), house.client, "site.created"),
            (CLIENT, house.partner, "site.created"),
            (("--partner",), house.partner, "client.created"),
            (("--operator",), house.operator, "key.created"),
        )
    ):
        assert word in await house.said("list", *log, key=key)
        assert (await house.said("check", *log, key=key)).startswith("WHOLE ")
        file, heads = tmp_path / f"{number}.jsonl", tmp_path / f"{number}.heads"
        assert (await house.said("export", str(file), *log, key=key)).endswith(f"{file.stat().st_size} bytes\n")
        await house.said("heads", json.loads(file.read_bytes().splitlines()[0])["log"], str(heads))
        assert (await house.said("verify", str(file), "--heads", str(heads))).startswith("WHOLE ")
        own = await house.run("audit", "verify", str(file))
        assert own.stdout.startswith("WHOLE "), own.output
        assert own.stderr == "", "held against the published heads, which it finds itself"
        assert "is there already" in await house.refused("export", str(file), *log, key=key)
    other = await house.said(
        "list", "--partner", "--action", "client.created", "--limit", "1", "--json", key=house.partner
    )
    assert [one["action"] for one in msgspec.json.decode(other)] == ["client.created"]


async def test_a_log_is_read_with_a_key_of_whose_it_is(house: House) -> None:
    told = await house.refused("list", "--operator", key=house.partner)
    assert "this is a key of the partner; the log of the operator is read with one of its own" in told
    assert "a key of the client" in await house.refused("export", "x.jsonl", "--partner", key=house.client)
    assert "Name one log" in await house.refused("list", "--partner", *CLIENT, key=house.partner, code=2)
    assert "names no log" in await house.refused("heads", "nobody", "x", code=2)


async def test_A17_a_row_that_was_changed_is_named_first_by_verify_and_check_and_the_verifier_alone(
    house: House, worker_database: Database, tmp_path: Path, stack: Stack, endpoints: Endpoints
) -> None:
    await seal(worker_database, tmp_path)
    async with owner(stack, endpoints) as connection:
        # The last of them first: what is named is the first in the log, and not the first that was touched.
        sites = await connection.fetch("SELECT audit_id FROM app.audit WHERE action = 'site.created' ORDER BY 1 DESC")
        for site in sites[:2]:
            await connection.execute(
                "UPDATE app.audit SET actor = 'account:somebody-else' WHERE audit_id = $1", site["audit_id"]
            )
    file = tmp_path / "tampered.jsonl"
    await house.said("export", str(file), key=house.client)
    named = ids.show("aud", sites[1]["audit_id"])
    told = await house.refused("verify", str(file))
    assert told.startswith(f"BROKEN batch 1, row {named}: place ")
    assert "it was changed or put in" in told
    assert told == await house.refused("check", key=house.client)
    alone = tmp_path / "verifier.py"
    alone.write_text(await house.said("verifier"))
    key = (await house.said("key")).strip()
    given = ("-I", str(alone), str(file), "--key", key)
    done = await asyncio.create_subprocess_exec(sys.executable, *given, stdout=asyncio.subprocess.PIPE, cwd=tmp_path)
    printed, _ = await done.communicate()
    assert (done.returncode, printed.decode()) == (1, told)
    # With a key of somebody else's nothing is whole, not even what is.
    stranger = SigningKey(tmp_path / "stranger").public
    await house.said("export", str(tmp_path / "above.jsonl"), "--partner", key=house.partner)
    words = ("verify", str(tmp_path / "above.jsonl"), "--key", signing_key.shown(stranger))
    assert "signed with a key that is not trusted" in await house.refused(*words)


async def test_an_export_for_a_spreadsheet_has_the_rows_that_were_asked_for(house: House, tmp_path: Path) -> None:
    file = tmp_path / "sites.csv"
    await house.said("export", str(file), "--format", "csv", "--action", "site.created", key=house.client)
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [one["action"] for one in rows] == ["site.created"] * 3


async def test_S_85_S_86_what_is_kept_held_and_forgotten_is_the_partners_to_say(house: House) -> None:
    assert '"days":30' in await house.said("period", "30", *CLIENT, "--json", key=house.partner)
    assert "30" in await house.said("keeping", key=house.client)
    assert await house.refused("period", *CLIENT, key=house.partner, code=2)
    assert "null" in await house.said("period", "--for-ever", *CLIENT, key=house.partner)
    listed = await house.said("list", "--action", "key.created", "--json", key=house.client)
    key = msgspec.json.decode(listed)[0]["target"]
    assert "case 7" in await house.said("hold", "--reason", "case 7", *CLIENT, key=house.partner)
    assert "It is held: case 7" in await house.refused("forget", key, "--yes", *CLIENT, key=house.partner)
    await house.said("release", *CLIENT, key=house.partner)
    forgotten = msgspec.json.decode(await house.said("forget", key, "--yes", *CLIENT, "--json", key=house.partner))
    assert forgotten["pseudonym"] in await house.said("list", key=house.client)
    assert key not in await house.said("list", "--action", "key.created", key=house.client)
    assert "for good?" in await house.refused("forget", key, *CLIENT, key=house.partner)


async def test_S_85_S_86_so_is_what_is_in_the_logs_above(house: House) -> None:
    for log, key in ((("--partner",), house.partner), (("--operator",), house.operator)):
        assert '"days":90' in await house.said("period", "90", *log, "--json", key=key)
        assert "case 8" in await house.said("hold", "--reason", "case 8", *log, key=key)
        gone = ids.show("acc", ids.new())
        assert "It is held: case 8" in await house.refused("forget", gone, "--yes", *log, key=key)
        await house.said("release", *log, key=key)
        forgotten = msgspec.json.decode(await house.said("forget", gone, "--yes", *log, "--json", key=key))
        assert forgotten["records"] == 0
        told = await house.said("list", *log, "--json", key=key)
        assert {"audit.retention-changed", "audit.held", "audit.released", "audit.veiled"} <= {
            one["action"] for one in msgspec.json.decode(told)
        }
    assert "this is a key of the partner" in await house.refused("keeping", "--operator", key=house.partner)


async def test_F_31_rollbacks_are_shown_and_accepted(
    house: House, worker_database: Database, tmp_path: Path, stack: Stack, endpoints: Endpoints
) -> None:
    assert await house.said("rollbacks") == "None.\n"
    await seal(worker_database, tmp_path)
    async with owner(stack, endpoints) as connection:
        await connection.execute("TRUNCATE app.audit_leaves, app.audit_floor, app.audit_seal, app.audit_mark")
    file = tmp_path / "cut.jsonl"
    await house.said("export", str(file), key=house.client)
    assert (await house.refused("verify", str(file))).startswith("BROKEN ")
    assert (await house.said("verify", str(file), "--without-heads")).startswith("WHOLE "), "as it says of itself"
    await seal(worker_database, tmp_path)
    shown = await house.refused("rollbacks")
    assert "operator: batch 1 was published, here the newest is 0" in shown
    assert "the database was set back" in await house.refused("check", key=house.client)
    assert re.fullmatch(r"Accepted: \d+\n", await house.said("accept-rollback", "--yes"))
    assert await house.said("rollbacks") == "None.\n"
    for _ in range(2):
        await seal(worker_database, tmp_path)
    assert (await house.said("check", key=house.client)).startswith("WHOLE ")
