"""E-mail addresses as names to sign in with. One belongs to one account of a partner and joins nothing (S-58)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from tenants.organizations.errors import InvalidField

LONGEST: Final = 254
# What a mail server would take is a longer story; this keeps out what is no address, and whatever cannot be seen.
_FORM: Final = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


def normal(text: str) -> str:
    """The address as it is stored and looked for: without space around it, in lower case."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def is_address(text: str) -> bool:
    """Whether a normal `text` could be an account's: what is none need not be looked for."""
    return len(text) <= LONGEST and _FORM.fullmatch(text) is not None


def checked(text: str, pointer: str = "/email") -> str:
    """`text` as it is stored.

    Raises:
        InvalidField: it is no address.
    """
    found = normal(text)
    if not is_address(found):
        raise InvalidField(pointer, "Use an address such as clerk@example.com")
    return found
