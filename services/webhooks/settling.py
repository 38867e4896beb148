"""What is sent next, read from the database, and what came of it, written there: one transaction of the tenant each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import clock, ids
from infra.egress import canonical_origin
from services.engine import notices
from services.engine.notices import About
from services.webhooks import schedule
from services.webhooks.content import body
from services.webhooks.endpoints import FIELD, shown
from services.webhooks.sending import SHOWN, SLOW_SECONDS, Outcome, Posting
from tenants.audit import writing as audit
from tenants.connections.sealing import Row, Sealer

ACTOR: Final = "webhooks"
PATIENCE: Final = timedelta(days=5)
"""How long an endpoint may fail before nothing more is sent to it."""
_GONE: Final = 410
_WORDS: Final = {
    "gone": "It answered 410: it wants nothing more",
    "failing": "Nothing could be delivered for five days",
}

Why = Literal["gone", "failing"]


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that this process has until `taken_until`."""

    tenant_id: UUID
    endpoint_id: UUID
    message_id: UUID
    taken_until: datetime


_READ: Final = """
SELECT p.url, m.content::text AS content, m.created_at, t.environment, i.installation_id,
       s.version, s.key_version, s.sealed, k.wrapped
FROM app.webhook_endpoint p
JOIN app.webhook_message m ON m.tenant_id = p.tenant_id AND m.message_id = $3
JOIN app.tenant t ON t.tenant_id = p.tenant_id CROSS JOIN app.installation i
JOIN app.webhook_secret s ON s.tenant_id = p.tenant_id AND s.endpoint_id = p.endpoint_id
  AND (s.ends_at IS NULL OR s.ends_at > clock_timestamp())
JOIN app.tenant_key k ON k.tenant_id = s.tenant_id AND k.version = s.key_version
WHERE p.tenant_id = $1 AND p.endpoint_id = $2 ORDER BY s.version DESC
"""
_LOCK: Final = """
SELECT url, status, failing_since, is_slow, told_at FROM app.webhook_endpoint
WHERE tenant_id = $1 AND endpoint_id = $2 FOR NO KEY UPDATE
"""
_SETTLE: Final = """
UPDATE app.webhook_delivery SET taken_until = NULL, tries = tries + 1, attempts = attempts + 1,
  state = CASE WHEN $5 THEN 'delivered' WHEN tries + 1 >= $6 THEN 'failed' ELSE 'pending' END,
  ended_at = CASE WHEN $5 OR tries + 1 >= $6 THEN clock_timestamp() END
WHERE tenant_id = $1 AND endpoint_id = $2 AND message_id = $3 AND state = 'pending' AND taken_until = $4
RETURNING tries, attempts
"""
_DUE: Final = """
UPDATE app.webhook_delivery SET due_at = clock_timestamp() + make_interval(secs => $4)
WHERE tenant_id = $1 AND endpoint_id = $2 AND message_id = $3
"""
_ATTEMPT: Final = """
INSERT INTO app.webhook_attempt
  (tenant_id, endpoint_id, message_id, number, at, milliseconds, status, error, answer)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_HEALTH: Final = """
UPDATE app.webhook_endpoint SET failing_since = $3, is_slow = $4, told_at = $5 WHERE tenant_id = $1 AND endpoint_id = $2
"""
_DISABLE: Final = """
UPDATE app.webhook_endpoint SET status = 'disabled', why = $3, updated_at = clock_timestamp()
WHERE tenant_id = $1 AND endpoint_id = $2
"""
_OPEN: Final = """
INSERT INTO app.exception AS e (tenant_id, exception_id, category, mark, cause, title)
VALUES ($1, $2, 'outage', $3, $4, $5) ON CONFLICT (tenant_id, mark) WHERE state = 'open'
DO UPDATE SET times = e.times + 1, last_at = clock_timestamp() RETURNING owner
"""
_CLOSE: Final = """
UPDATE app.exception SET state = 'resolved', outcome = 'went-on', closed_by = $3, closed_at = clock_timestamp()
WHERE tenant_id = $1 AND mark = $2 AND state = 'open' RETURNING owner
"""


async def read(connection: Any, due: Due) -> list[Any]:
    """What is to be sent, and the secrets that sign it, sealed; empty: its endpoint was removed meanwhile."""
    return list(await connection.fetch(_READ, due.tenant_id, due.endpoint_id, due.message_id))


async def opened(sealer: Sealer, due: Due, rows: list[Any]) -> Posting:
    """What `read` found, ready to be sent. Outside of a transaction: a key service may be asked, over the network.

    Raises:
        SecretUnreadable: a secret was moved or altered, or the key is another one.
        KeyServiceUnavailable: its key cannot be unwrapped now.
    """
    secrets = []
    for row in rows:
        whose = Row(
            tenant_id=due.tenant_id,
            connection_id=due.endpoint_id,
            environment=row["environment"],
            revision=row["version"],
        )
        wrapped = (row["key_version"], row["wrapped"])
        secrets.append(await sealer.open(whose, str(row["installation_id"]), FIELD, row["sealed"], wrapped))
    first = rows[0]
    return Posting(
        tenant_id=due.tenant_id,
        message_id=due.message_id,
        url=first["url"],
        body=body(due.message_id, first["content"], first["created_at"]),
        secrets=secrets,
    )


async def settle(connection: Any, due: Due, outcome: Outcome) -> bool:
    """Write what came of a try; False: somebody else has it in hand, or its endpoint is gone."""
    key = (due.tenant_id, due.endpoint_id)
    endpoint = await connection.fetchrow(_LOCK, *key)
    if endpoint is None:
        return False
    of_it = (*key, due.message_id)
    done = await connection.fetchrow(_SETTLE, *of_it, due.taken_until, outcome.is_success, schedule.TRIES)
    if done is None:
        return False
    at = clock.now()
    spent = round(outcome.seconds * 1000)
    began, said = at - timedelta(milliseconds=spent), outcome.answer[:SHOWN]
    await connection.execute(_ATTEMPT, *of_it, done["attempts"], began, spent, outcome.status, outcome.error, said)
    if not outcome.is_success:
        seconds = schedule.delay(done["tries"], outcome.retry_after)
        if seconds is not None:
            await connection.execute(_DUE, *of_it, seconds)
    await _judge(connection, due, endpoint, outcome, at)
    return True


async def _judge(connection: Any, due: Due, endpoint: Any, outcome: Outcome, at: datetime) -> None:
    """How the endpoint stands after a try; most leave it as it was, and write nothing."""
    failing = None if outcome.is_success else endpoint["failing_since"] or at
    why: Why | None = None
    if endpoint["status"] == "active" and failing is not None:
        why = "gone" if outcome.status == _GONE else "failing" if at - failing >= PATIENCE else None
    is_back = outcome.is_success and endpoint["told_at"] is not None and endpoint["status"] == "active"
    told = at if why else None if is_back else endpoint["told_at"]
    health = (failing, outcome.seconds > SLOW_SECONDS, told)
    if health != (endpoint["failing_since"], endpoint["is_slow"], endpoint["told_at"]):
        await connection.execute(_HEALTH, due.tenant_id, due.endpoint_id, *health)
    if why is not None and failing is not None:
        await _disable(connection, due, endpoint["url"], why, failing)
    elif is_back:
        owner = await connection.fetchval(_CLOSE, due.tenant_id, shown(due.endpoint_id), ACTOR)
        address = canonical_origin(endpoint["url"])
        told = {"address": address, "title": f"{address}: It takes messages again"}
        await _tell(connection, due, "webhook.recovered", owner, told)


async def _disable(connection: Any, due: Due, url: str, why: Why, since: datetime) -> None:
    await connection.execute(_DISABLE, due.tenant_id, due.endpoint_id, why)
    address, mark = canonical_origin(url), shown(due.endpoint_id)
    title = f"{address}: {_WORDS[why]}"[:1000]
    owner = await connection.fetchval(_OPEN, due.tenant_id, ids.new(), mark, f"webhook-{why}", title)
    told = {"address": address, "why": why, "since": notices.moment(since), "title": title}
    await _tell(connection, due, "webhook.disabled", owner, told)


async def _tell(connection: Any, due: Due, kind: str, owner: str | None, told: dict[str, str]) -> None:
    """In the audit, in the notices, and to whoever carries notices on; `owner`: of the exception, if there is one."""
    endpoint = shown(due.endpoint_id)
    data = {"endpoint": endpoint, **told}
    await audit.write(connection, due.tenant_id, actor=ACTOR, action=kind, target=endpoint, after=data)
    about = About(place="/webhook-endpoints", subject=endpoint, owner=owner)
    await notices.say(connection, due.tenant_id, kind, about, data)
