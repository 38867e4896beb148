"""Cases of evidence go by the client's time, and stay as long as something of theirs does (S-86)."""

from __future__ import annotations

from infra import ids
from services.worker.cleaning import clean_evidence
from tests.services.archives.olden import RULES, Olden

_CASE = (
    "INSERT INTO app.evidence_case (tenant_id, case_id, key, about_kind, about_key, reason, required, run_id, "
    "opened_by, opened_at, last_run, last_at) VALUES (:'tenant', app.new_id(), :'key', 'invoice', :'key', "
    "'damage', '{}', "
    "nullif(:'run', '')::uuid, 'account:kim', now() - make_interval(days => :'days'), "
    "nullif(:'last', '')::uuid, now() - make_interval(days => :'last_days'))"
)
_PACK = (
    "INSERT INTO app.evidence_pack (tenant_id, pack_id, case_id, key, asked_by, asked_at, state, made_at, document_id) "
    "SELECT tenant_id, app.new_id(), case_id, 'k', 'account:kim', now() - make_interval(days => :'days'), 'made', "
    "now(), :'document' FROM app.evidence_case WHERE key = :'key'"
)
_COUNTED = (
    "INSERT INTO app.evidence_document (tenant_id, case_id, document_id, paper, added_by, added_at) "
    "SELECT tenant_id, case_id, app.new_id(), 'pod', 'account:kim', now() - make_interval(days => :'days') "
    "FROM app.evidence_case WHERE key = :'key'"
)
_KEPT = (
    "INSERT INTO app.document (tenant_id, document_id, run_id, class, name, media_type, size, digest, key_version, "
    "sealed_key, state, made_by, keep_until) VALUES (:'tenant', :'document', :'document', 'financial', 'p', 'x', 1, "
    "sha256(''), 1, '', 'clean', 'engine', now())"
)


async def test_S_86_a_case_goes_when_its_time_is_over_and_stays_as_long_as_something_of_it_does(olden: Olden) -> None:
    for key, days in (("gone", 450), ("young", 390), ("packed", 450), ("counted", 450), ("filed", 450)):
        olden.sql(_CASE, key=key, days=days, run="", last="", last_days=days)
    olden.sql(_CASE, key="opened-again", days=450, run="", last="", last_days=390)
    for key, whose in (("of-a-run", "run"), ("of-a-later-run", "last")):
        runs = {"run": "", "last": "", whose: await olden.ended(450)}
        olden.sql(_CASE, key=key, days=450, last_days=450, **runs)
    document = ids.new()
    olden.sql(_PACK, key="gone", days=440, document=ids.new())
    olden.sql(_PACK, key="packed", days=390, document=ids.new())
    olden.sql(_PACK, key="filed", days=440, document=document)
    olden.sql(_KEPT, document=document)
    olden.sql(_COUNTED, key="gone", days=440)
    olden.sql(_COUNTED, key="counted", days=390)
    left = "SELECT key FROM app.evidence_case ORDER BY key"
    await clean_evidence(olden.worker, RULES)
    assert olden.sql(left).split() == [
        "counted", "filed", "of-a-later-run", "of-a-run", "opened-again", "packed", "young",
    ]  # fmt: skip
    told = "SELECT count(*) FROM app.audit WHERE action = 'evidence.expired' AND actor = 'engine'"
    assert olden.sql(told).split() == ["1"]
    olden.sql("INSERT INTO app.retention (tenant_id, subject, days) VALUES (:'tenant', :'tenant', 100)")
    await clean_evidence(olden.worker, RULES)
    assert olden.sql(left).split() == ["filed", "of-a-later-run", "of-a-run"]
    olden.sql("DELETE FROM app.document")
    await clean_evidence(olden.worker, RULES)
    assert olden.sql(left).split() == ["of-a-later-run", "of-a-run"]
