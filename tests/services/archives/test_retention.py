"""How long a deployment's runs are kept: what is set nearest to it, never under the floor."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from services.archives import retention
from services.archives.archiver import archive_due
from services.archives.retention import Rules
from template_library import catalog, manifest
from template_library import retention as durations
from tests.services.archives.olden import RULES, Olden
from tests.world import deploy


@pytest.mark.parametrize(("text", "days"), [("P400D", 400), ("P2Y", 730), ("P1Y6M", 545), ("P12W", 84)])
def test_a_duration_is_whole_days(text: str, days: int) -> None:
    assert durations.days(text) == days
    assert durations.days(durations.text(days)) == days


@pytest.mark.parametrize("text", ["", "P", "P0D", "PT24H", "P1.5Y", "-P1D", "P101Y", "400", "P1D1Y", "P٣D"])
def test_what_is_no_duration_of_days_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration of 1 to 36,500 days"):
        durations.days(text)


def test_a_template_says_how_long_its_runs_are_kept() -> None:
    given = {"name": "a", "version": "1.0.0", "title": "A", "summary": "a"}
    assert manifest.read({**given, "retention": "P2Y"}).retention == "P2Y"
    with pytest.raises(manifest.MalformedManifest, match="retention"):
        manifest.read({**given, "retention": "two years"})


async def test_what_is_set_nearest_to_a_deployment_counts_and_never_less_than_the_floor(
    olden: Olden, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def found(rules: Rules = RULES) -> tuple[int, str]:
        async with olden.worker.tenant(olden.tenant) as connection:
            (one,) = await retention.periods(connection, olden.tenant, rules)
        return one.days, one.source

    assert await found() == (400, "installation")
    package = catalog.builtin().packages()[0]
    said = replace(package, manifest=replace(package.manifest, retention="P3Y"))
    monkeypatch.setattr(catalog.Catalog, "find", lambda *_: said)
    olden.sql("UPDATE app.workflow_version SET template = 'any@1.0.0'")
    assert await found() == (1095, "template")
    olden.sql("INSERT INTO app.retention VALUES (:'tenant', :'tenant', 50)")
    assert await found() == (50, "client")
    olden.sql("INSERT INTO app.retention VALUES (:'tenant', :'deployment', 10)")
    assert await found() == (30, "deployment")


async def test_S_86_each_deployment_has_its_own_time(olden: Olden) -> None:
    other = await deploy(olden.app, olden.tenant, "document: {}", event_type="other")
    olden.sql("INSERT INTO app.retention VALUES (:'tenant', :'other', 60)", other=other)
    mine, theirs = await olden.ended(100), await olden.ended(100, deployment=other)
    assert await archive_due(olden.worker, olden.folder, RULES) == 1
    assert (await olden.left()) == {mine}
    assert theirs not in await olden.left("journal")
