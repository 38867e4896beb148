"""What customers were told, as a client's people see it; and who wants no more. `connection` is of the tenant."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra.pagination import Page, cut
from services.customer_notices.errors import SaidByRecipient

_LIST: Final = """
SELECT n.notice_id, n.run_id, n.notice, n.milestone, n.about_kind, n.about_key, n.outcome, n.why, n.language, n.due_at,
  n.created_at, m.state, m.recipient
FROM app.customer_notice n
LEFT JOIN app.mail m ON m.tenant_id = n.tenant_id AND m.mail_id = n.mail_id
WHERE n.tenant_id = $1 AND ($2::uuid IS NULL OR n.notice_id < $2) AND ($4::text IS NULL OR n.about_kind = $4)
  AND ($5::text IS NULL OR n.about_key = $5) AND ($6::uuid IS NULL OR n.run_id = $6)
ORDER BY n.notice_id DESC LIMIT $3
"""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Of one thing by its kind and key, or of a run; None: of any."""

    kind: str | None = None
    key: str | None = None
    run: UUID | None = None


async def listed(connection: Any, tenant: UUID, page: Page, only: Filter) -> tuple[list[Any], str | None]:
    """Newest first, and the position of the next page. `state` and `recipient` are the mail's, while it is kept."""
    after = None if page.after is None else UUID(page.after)
    rows = await connection.fetch(_LIST, tenant, after, page.limit + 1, only.kind, only.key, only.run)
    return cut(list(rows), page, lambda row: str(row["notice_id"]))


async def set_opt_out(connection: Any, address: str, *, is_out: bool, actor: str, reason: str) -> bool:
    """Whether that changed anything; mails that wait for the address are not sent any more.

    Raises:
        SaidByRecipient: they want none by their own link, which nobody of the client's takes back.
    """
    changed = await connection.fetchval("SELECT app.set_opt_out($1, $2, $3, $4)", address, is_out, actor, reason)
    if changed is None:
        raise SaidByRecipient
    return bool(changed)


async def by_link(doors: Any, partner: UUID, digest: bytes, *, is_out: bool | None = None) -> bool | None:
    """Whether the address of a notice's link is out, after `is_out` was set; None: there is no such link.

    `doors`: a connection without a tenant.
    """
    found: bool | None = await doors.fetchval("SELECT app.notice_link($1, $2, $3)", partner, digest, is_out)
    return found
