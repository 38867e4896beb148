"""What a decision is about: the facts that rows are held against, and the people whom duties keep out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from tenants.authority.errors import BadFact
from tenants.authority.rows import LARGEST, Word

_Person = Annotated[str, Meta(min_length=3, max_length=254)]
People = Annotated[list[_Person], Meta(max_length=100)]
_DECIMAL: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,30})?")
_ACCOUNT: Final = re.compile(r"(?:account:|acting:)?(acc_[0-7][0-9a-hjkmnp-tv-z]{25})")
_MACHINE: Final = re.compile(r"(?:key:key_[0-9a-z]{26}|system:[^\s\x00-\x1f\x7f]{1,100}|engine|schedule)")
_EMAIL: Final = re.compile(r"([^@\s\x00-\x1f\x7f]+)@([^@\s\x00-\x1f\x7f]+)")


class Amount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Minor units of a currency of ISO 4217; what is at risk, so never below zero."""

    amount: Annotated[int, Meta(ge=0, le=LARGEST)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["USD"])]


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a case. What a row asks for and is not here is an error, and never a match (ADR 0100).

    Attributes:
        margin_percent: exact as text; a number counts as it is written.
        requester, last_editor: by account (`acc_…`) or e-mail address; a machine as `key:key_…` or `system:NAME`.
        earlier: who decided earlier tasks of the same run, likewise.
    """

    amount: Amount | None = None
    margin_percent: Annotated[int | float | str | None, Meta(description="Exact where it is a text.")] = None
    customer_class: Word | None = None
    site: Annotated[Word | None, Meta(description="Slug of the site.")] = None
    requester: Annotated[
        _Person | People | None,
        Meta(description="By account or e-mail address; a machine as `key:key_…` or `system:NAME`."),
    ] = None
    last_editor: Annotated[_Person | People | None, Meta(description="Likewise.")] = None
    earlier: Annotated[People | None, Meta(description="Who decided earlier tasks of the same run.")] = None

    @property
    def margin(self) -> Fraction | None:
        """Raises BadFact: no decimal number."""
        given = self.margin_percent
        if given is None:
            return None
        text = f"{Decimal(repr(given)):f}" if isinstance(given, float) else str(given)
        if _DECIMAL.fullmatch(text) is None:
            raise BadFact("/facts/margin_percent", "Give a decimal number, such as 12.5")
        return Fraction(text)


def read(value: Mapping[str, Any]) -> Facts:
    """Facts as a workflow states them.

    Raises:
        BadFact: one that nobody knows, or of the wrong form.
    """
    try:
        return msgspec.convert(value, Facts)
    except msgspec.ValidationError as error:
        raise BadFact("/facts", str(error).replace("`", "'")) from None


def names_of(people: str | Iterable[str], pointer: str) -> frozenset[str]:
    """How people are compared: accounts by id, addresses without case and `+tag`. Machines are nobody.

    Raises:
        BadFact: a name that no account can be held against, so that nobody could be kept out by it.
    """
    found = set()
    for text in [people] if isinstance(people, str) else people:
        if account := _ACCOUNT.fullmatch(text):
            found.add(account[1])
        elif _EMAIL.fullmatch(text):
            found.add(email(text))
        elif not _MACHINE.fullmatch(text):
            raise BadFact(pointer, "Name people by account or e-mail address, and a machine as 'system:NAME'")
    return frozenset(found)


def email(text: str) -> str:
    """One way of writing for all that go to one mailbox."""
    name, _, host = unicodedata.normalize("NFKC", text).strip().casefold().rpartition("@")
    return f"{name.partition('+')[0]}@{host}"
