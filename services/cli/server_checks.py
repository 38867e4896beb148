"""The checks that need an answer from a server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from infra import database_roles as roles
from infra import egress, migrate
from infra.settings import Settings
from services.cli import stored_keys
from services.cli.checks import Check, finding
from services.protocols.runner import VERSION, Runner
from tenants.audit import watching
from tenants.mail.reasons import NO_SENDER

LIMIT: Final = 5.0
HEALTH: Final = "/health/ready"
_STORED: Final = "stored secrets"
_TIMELINE: Final = "failover"
_AWAY: Final = (OSError, ValueError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError)
_NOBODY: Final = UUID(int=0)
_START: Final = "Start it with `waybill up`, or set WAYBILL_{} to a server of your own."
_FIELDS: Final = {
    "database_url": roles.APP,
    "worker_database_url": roles.WORKER,
    "migrator_database_url": roles.MIGRATOR,
}


async def database(settings: Settings) -> list[Check]:
    """Reachable as each role, version, what the roles may not be, migrations, and the key of the stored secrets."""
    # Side by side, so that a silent server is told after one limit and not after three.
    checks = list(
        await asyncio.gather(*(_role(getattr(settings, field), field, role) for field, role in _FIELDS.items()))
    )
    for name, look in (("migrations", _migrations), (_STORED, _stored_keys), (_TIMELINE, _timeline)):
        if all(check.ok for check in checks):
            checks.append(await _within(name, look(settings)))
    return checks


async def audit(settings: Settings) -> list[Check]:
    """Whether records get their seals and the seals' heads go out, whoever's worker does it."""
    if not settings.database_url:
        return []
    try:
        async with asyncio.timeout(LIMIT):
            connection = await asyncpg.connect(settings.database_url, timeout=LIMIT)
            try:
                found = watching.standing_of(await connection.fetchrow("SELECT * FROM app.audit_state()"))
            finally:
                connection.terminate()
    except _AWAY:
        return []  # the checks of the database say why
    return [_seals(found), _heads(settings, found)]


def _seals(found: watching.Standing) -> Check:
    name = "audit seals"
    if found.rolled_back:
        told = f"{found.rolled_back} logs are behind what was published of them"
        return finding(name, told, "`waybill audit rollbacks` says which, and docs/operator/audit.md what that means.")
    if found.unsealed > watching.PUBLISH_SECONDS:
        help_ = "No worker seals, or a transaction stays open: `waybill logs worker`, docs/operator/audit.md."
        return finding(name, f"the oldest record waits for {found.unsealed:.0f} s", help_)
    return finding(name, "every record has one, or will soon")


def _heads(settings: Settings, found: watching.Standing) -> Check:
    name, goal = "audit heads", settings.audit_heads
    if goal is None:
        return finding(name, "go nowhere", "Set WAYBILL_AUDIT_HEADS to a folder out of the database's reach.")
    if found.unpublished > watching.PUBLISH_SECONDS:
        help_ = f"Look whether workers can write to {goal}: `waybill logs worker`."
        return finding(name, f"the oldest has not gone out for {found.unpublished:.0f} s", help_)
    if found.published_at is None:
        return finding(name, f"none yet; they go to {goal}")
    return finding(name, f"go to {goal}, last at {found.published_at:%Y-%m-%d %H:%M:%S} UTC")


async def mail(settings: Settings) -> list[Check]:
    """Whether mail waits since its partner has no address of its own."""
    if not settings.worker_database_url or not settings.mail_host:
        return []
    try:
        async with asyncio.timeout(LIMIT):
            connection = await asyncpg.connect(settings.worker_database_url, timeout=LIMIT)
            try:
                found = await connection.fetch("SELECT partner, reason FROM app.latest_mails(1000, 'waiting')")
            finally:
                connection.terminate()
    except _AWAY:
        return []  # the checks of the database say why
    without = sorted({row["partner"] for row in found if row["reason"] == NO_SENDER})
    if not without:
        return [finding("mail", "nothing waits for a sender")]
    help_ = f"`waybill mail sending {without[0]} --sender ADDRESS`; until then nothing of theirs is sent."
    return [finding("mail", f"waits for a sender of {', '.join(without)}", help_)]


async def _within(name: str, look: Awaitable[Check]) -> Check:
    """What `look` finds; a database that stays silent or breaks off meanwhile is a finding too."""
    try:
        async with asyncio.timeout(LIMIT):
            return await look
    except _AWAY as error:
        return finding(name, f"the database does not answer: {reason(error)}", "`waybill logs postgres` may show why.")


def reason(error: Exception) -> str:
    """In words also where the error has none, as of a time-out."""
    return str(error) or (f"no answer within {LIMIT:g} s" if isinstance(error, TimeoutError) else type(error).__name__)


async def _role(url: str, field: str, role: str) -> Check:
    name = f"database as {role}"
    if not url:
        return finding(name, "not running", _START.format(field.upper()))
    try:
        async with asyncio.timeout(LIMIT):
            version, shown, strong = await _traits(url)
    except _AWAY as error:
        variable = f"WAYBILL_{field.upper()}"
        help_ = f"Look whether the server runs and the address and password in {variable} are right."
        return finding(name, f"unreachable: {reason(error)}", help_)
    if version < roles.MINIMUM_VERSION:
        return finding(name, f"PostgreSQL {shown}", "Upgrade the server to 17.6 or later.")
    if strong:
        return finding(
            name,
            "a role that passes by row-level security",
            "Never run as superuser: `waybill database prepare --admin-url URL` makes the right roles.",
        )
    return finding(name, f"PostgreSQL {shown}")


async def _traits(url: str) -> tuple[int, str, bool]:
    """Version as a number and as text, and whether the role is one that passes by row-level security."""
    connection = await asyncpg.connect(url, timeout=LIMIT)
    try:
        row = await connection.fetchrow(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'), "
            "rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        )
    finally:
        # Without waiting: a server that has fallen silent answers no farewell either.
        connection.terminate()
    return tuple(row)


async def _migrations(settings: Settings) -> Check:
    current, head = await migrate.current(settings.migrator_database_url), migrate.head()
    if current == head:
        return finding("migrations", f"at {head}")
    return finding("migrations", f"at {current or 'nothing'}, wanted {head}", "Run `waybill migrate`.")


async def _stored_keys(settings: Settings) -> Check:
    """Whether the key file is the one that the stored secrets need, by its id: no secret is opened."""
    name = _STORED
    stored = await stored_keys.stored_kek_ids(settings.database_url)
    if wrong := stored_keys.fault(settings, stored):
        return finding(name, wrong, stored_keys.HELP)
    if len(stored) > 1:
        return finding(name, "the keys that are here open them; `waybill secrets rewrap` makes one of them enough")
    return finding(name, "the key file opens them" if stored else "none yet")


async def _timeline(settings: Settings) -> Check:
    """Whether the database has failed over, and nobody has said that the installation may go on."""
    connection = await asyncpg.connect(settings.database_url, timeout=LIMIT)
    try:
        has = await connection.fetchval("SELECT app.failed_over()", timeout=LIMIT)
    finally:
        connection.terminate()
    if has:
        return finding(_TIMELINE, "the outside is told nothing since", "`waybill failover` says what may be lost.")
    return finding(_TIMELINE, "none that is not accepted")


async def redis(settings: Settings) -> Check:
    if not settings.redis_url:
        return finding("Redis", "not running", "Start it with `waybill up`, or set WAYBILL_REDIS_URL.")
    client = Redis.from_url(settings.redis_url, socket_connect_timeout=LIMIT, socket_timeout=LIMIT)
    try:
        async with asyncio.timeout(LIMIT):
            told = await client.info("server")
    except (RedisError, OSError) as error:
        help_ = "Look whether the server runs and the address and password in WAYBILL_REDIS_URL are right."
        return finding("Redis", f"unreachable: {reason(error)}", help_)
    finally:
        await client.aclose()
    if "valkey_version" in told:
        return finding("Redis", f"Valkey {told['valkey_version']}")
    return finding("Redis", f"Redis {told['redis_version']}")


async def api(settings: Settings) -> Check:
    if not settings.api_url:
        return finding("API", "not running", "Start it with `waybill up`, or set WAYBILL_API_URL.")
    request = egress.Request(method="GET", url=settings.api_url + HEALTH, headers={}, timeout=LIMIT)
    try:
        async with egress.Client(egress.Guard(allow_loopback=True)) as client:
            answer = await client.send(_NOBODY, request)
    except (egress.Failed, egress.Refused) as error:
        return finding("API", f"unreachable: {reason(error)}", "`waybill logs api` shows why.")
    if answer.status == 200:  # noqa: PLR2004
        return finding("API", f"ready at {settings.api_url}")
    return finding("API", f"answers {answer.status}: {_words(answer.body)}", "`waybill logs api` shows why.")


async def runner(settings: Settings) -> Check:
    """Whether the isolating runner answers and starts what documents may start."""
    name = "isolating runner"
    known = Runner.of(settings)
    if known is None:
        return finding(name, "none: documents that start programs are refused")
    try:
        told = await known.health()
    except (egress.Failed, egress.Refused) as error:
        help_ = "Look whether it runs and WAYBILL_RUNNER_URL is right; outside private networks it needs https."
        return finding(name, f"unreachable: {reason(error)}", help_)
    finally:
        await known.close()
    if isinstance(told, str):
        return finding(name, told, "Look at WAYBILL_RUNNER_URL and WAYBILL_RUNNER_TOKEN, and at the runner's own log.")
    if told.version != VERSION:
        return finding(name, f"speaks version {told.version}", f"It must speak version {VERSION} of the protocol.")
    if missing := sorted(set(known.kinds) - set(told.kinds)):
        return finding(name, f"starts no {', '.join(missing)}", "Take it out of WAYBILL_RUNNER_KINDS.")
    return finding(name, f"ready for {', '.join(known.kinds)}")


def _words(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body).get("detail", ""))
    except (msgspec.MsgspecError, AttributeError):
        return ""
