"""Texts of a package's mails to customers (`mails/NAME.yaml`): as a notice has them (ADR 0113)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from template_library import notice_texts


def mistakes(name: str, mail: Any) -> Iterator[str]:
    """What is wrong with one, in words."""
    try:
        notice_texts.read(mail)
    except ValueError as error:
        yield f"the mail {name} cannot be read: {error}"
