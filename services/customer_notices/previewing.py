"""A notice as it would be read, with values that somebody tries. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import clock
from infra.mail.message import Letter
from template_library import notice_texts, notices
from template_library.notices import Asked, Recipient
from tenants.mail import customer_letters
from tenants.mail.customer_letters import KIND, Said
from tenants.mail.rows import Row
from tenants.organizations.branding import Brand

_NOBODY: Final = UUID(int=0)
_HOST: Final = "portal.example"
_SENDER: Final = "notices@mail.invalid"
"""Neither is anybody's (RFC 2606)."""


def shown(
    mail: dict[str, Any], values: Mapping[str, notices.Scalar], language: str | None, recipient: str, brand: Brand
) -> Letter:
    """Raises ValueError: the text is none that could be sent."""
    texts = notice_texts.read(mail)
    asked = Asked(notice="preview", to=Recipient(name=recipient), values=dict(values))
    chosen = texts.language(language)
    text = texts.by_language[chosen]
    said = Said(text.subject, text.text, asked.told, sorted(texts.links))
    row = Row(
        partner_id=brand.partner_id,
        mail_id=_NOBODY,
        tenant_id=None,
        kind=KIND,
        language=chosen,
        recipient="somebody@mail.invalid",
        recipient_name=recipient,
        facts=msgspec.json.encode(said).decode(),
        sealed=None,
        tries=0,
        created_at=clock.now(),
        is_suppressed=False,
        name=brand.name,
        accent=brand.accent,
        logo=None,
        support_email=brand.support_email,
        sender=_SENDER,
        hosts=[_HOST],
    )
    return customer_letters.letter(row, _SENDER, "preview preview")
