"""Payloads for a reader who may know that something is there and not what: the shape stays, sensitive values go.

Names decide first, whatever their case and separators; what a value looks like decides second (S-72). Only the words
below decide, so that whoever wants to know what is hidden reads this file.

A person is hidden whole (`driver`, `buyer`, `owner`). A business party (`customer`, `supplier`) is not: orders are
looked for by its code. So its code is shown, a text of it that is no code is masked, and of an object the members are
looked at one by one, which hides its names, addresses and numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import msgspec

from services.engine import values
from services.engine.functions import is_ours

MASK: Final = "••••••"
Written = AbstractSet[str]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A name that contains one of these, without separators: `customerEmailAddress`, `X-API-Key`.
_PARTS: Final = _words(
    """
    password passwd passphrase passwort contrasena secret token apikey accesskey privatekey signature credential
    authorization cookie sessionid
    email correo phone telefon mobilenumber handynummer faxnumber
    address anschrift adresse direccion street strasse housenumber postalcode postcode zipcode codigopostal
    consignee recipient addressee salesperson
    birthdate birthday dateofbirth geburtsdatum passport nationalid socialsecurity driverslicense driverlicense
    iban accountnumber routingnumber sortcode bankaccount bankdetails cardnumber creditcard cardholder
    taxid taxnumber taxcode vatid vatnumber vatno steuernummer steuerid
    comment remark freetext instructions notes
    """
)
# A name that has one of these among its words, or as two words in a row: `home_tel`, `vat`, `shipTo`, `customer-note`;
# in the plural or counted, too: `drivers`, `addr2`.
_WORDS: Final = _words(
    """
    pass pwd pin otp cvv cvc auth jwt bearer cookies
    mail mails mobile fax tel cell
    addr city town zip plz ort latitude longitude lat lng geo
    firstname lastname surname forename nombre apellido vorname nachname contact contacts signatory signer
    dob ssn sin nino age gender
    bic swift iban pan bank vat tin ein nif cif
    shipto billto soldto deliverto
    note memo notiz notizen nota notas observaciones bemerkung
    person people individual driver fahrer conductor buyer purchaser shopper owner holder user userid login loginid
    logon employee staff colleague manager supervisor salesman salesrep requester requestor approver reviewer assignee
    author creator sender receiver payee beneficiary visitor guest passenger patient student
    attn attention attentionto attentionof careof zhd
    createdby updatedby modifiedby enteredby orderedby placedby requestedby approvedby releasedby signedby receivedby
    line1 line2 line3 line4 line5 apartment apt suite pobox district county
    salary salaries wage payroll income bonus gehalt lohn salario
    sex nationality religion ethnicity marital diagnosis medical ip
    """
)
# Parties of the business, where their name ends in one of these: a code is shown, other texts may be somebody's name.
_PARTIES: Final = _words("customer client supplier vendor debtor creditor party kunde lieferant cliente proveedor")
# Prose where it is a text; where it holds members, these are looked at one by one.
_PROSE: Final = _words("message messages text body")
# Names of things and not of people; every other name that ends in `name` is taken for a person's.
_THINGS: Final = _words(
    """
    itemname productname articlename skuname filename templatename workflowname taskname deploymentname connectionname
    connectorname operationname currencyname countryname unitname warehousename eventname typename kindname statename
    """
)
# Members that name another one beside them: `{"name": "email", "value": "…"}`.
_NAMING: Final = frozenset({"name", "key", "field", "header", "property", "attribute", "label", "code", "id", "type"})
_NAMED: Final = frozenset({"value", "values", "content", "data", "val"})

_LONGEST_NAME: Final = 256
_LONGEST_TEXT: Final = 4_096
_LARGEST: Final = 256 * 1024  # characters; more would keep the process from everybody else (F-23)
_DEPTH: Final = values.DEPTH + 8  # an event holds its data, a journal's line its output
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_CODE: Final = re.compile(r"(?=[^a-z]*+$|\D*+\d)[\w.:/#+-]{1,64}", re.ASCII)  # no spaces; a digit, or no small letter
_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")
# Each can begin only where a word begins, so that a long text costs no more than its length (S-25).
_LOOKS: Final = re.compile(
    r"(?<![^\s@<>\"'(,;:])[^\s@<>\"'(,;:]++@[^\s@<>\"'),;]++"  # an e-mail address
    r"|\bbearer\s++[\w.~+/=-]{6,}+"
    r"|\bbasic\s++[\w+/]{6,}+=+"
    r"|(?<![\w-])eyJ[\w-]{6,}+\.[\w-]{6,}+\.[\w-]*+"  # a JSON web token
    r"|(?<![\w.])\+[0-9][0-9 ()/.-]{6,20}[0-9]",  # a telephone number
    re.IGNORECASE,
)
# Where a schema is broken: names of members and places of items, which the same reader sees of the input itself.
_PLACE: Final = re.compile(r" \(at (?:/(?:[a-z][a-z_-]{0,63}|[0-9]{1,4})){1,16}\)$", re.IGNORECASE | re.ASCII)
# What none of the looks is without; most texts have nothing of it.
_HINT: Final = re.compile(r"[@+=]|%(?:25)*40|://|eyj|bearer|basic|[a-z]{2}[0-9]{2}", re.IGNORECASE)
# An e-mail address in a URL or a form: percent-encoded, also more than once.
_ENCODED: Final = re.compile(
    r"(?<![\w.~!%-])(?:[\w.~!-]|%(?!(?:25)*40)[0-9a-f]{2})++%(?:25)*40[\w.~%-]++", re.ASCII | re.IGNORECASE
)
_IBAN: Final = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_QUERY: Final = re.compile(r"(?<![\w.\[\]-])(?P<name>[\w.\[\]-]++)=(?P<value>[^&\s;#]++)")
_USER: Final = re.compile(r"(?<=://)[^/@\s]{1,256}@")


def masked(text: str | None) -> Any:
    """The JSON value in `text` with its sensitive values replaced, ready to go out; None stays None.

    Costs up to 0.1 s for a quarter of a MiB; one that is larger is masked whole.
    """
    if text is None:
        return None
    if len(text) > _LARGEST:
        return MASK
    try:
        value = values.decode(text, depth=_DEPTH)
    except values.ValueRefused:
        # Stored by rules that this version does not share: nothing of it is known to be harmless.
        return MASK
    return msgspec.Raw(values.encode(_masked(value)))


def masked_error(text: str | None, written: Written = frozenset()) -> Any:
    """Like `masked`, for problem details: what went wrong stays; the sentence about it may quote the payload.

    A `raise` may compute its title and its type from the payload too: only a standard type's are shown, and what the
    document itself has in so many words (`written`).
    """
    return _without_sentence(masked(text), lambda error: error, written)


def masked_line(text: str | None, written: Written = frozenset()) -> Any:
    """Like `masked`, for the data of a journal's line, which may hold an error."""
    return _without_sentence(masked(text), lambda data: data.get("error"), written)


def _without_sentence(found: Any, error_of: Callable[[dict[str, Any]], Any], written: Written) -> Any:
    if not isinstance(found, msgspec.Raw) or not _has_words(bytes(found)):
        return found
    value = values.decode(bytes(found), depth=_DEPTH)
    error = error_of(value) if isinstance(value, dict) else None
    if isinstance(error, dict):
        _mask_sentence(error, written)
    return msgspec.Raw(values.encode(value))


def _mask_sentence(error: dict[str, Any], written: Written) -> None:
    computed = {name for name in ("type", "title", "detail") if error.get(name) and str(error[name]) not in written}
    if "detail" in computed:
        error["detail"] = MASK + _place(error)
    if "type" in error and not is_ours(str(error["type"])):
        error |= {"type": "about:blank"} if "type" in computed else {}
        error |= {"title": MASK} if "title" in computed else {}


def _place(error: dict[str, Any]) -> str:
    """Where in a run's input something is wrong, without what stands there; empty for every other error."""
    if error.get("instance") != "/input" or not is_ours(str(error.get("type"))):
        return ""
    found = _PLACE.search(str(error["detail"]))
    return found[0] if found else ""


def _has_words(text: bytes) -> bool:
    return b'"detail"' in text or b'"title"' in text or b'"type"' in text


def is_sensitive(name: str) -> bool:
    """Whether a member of this name is masked with all that it holds."""
    return len(name) > _LONGEST_NAME or _is_sensitive(name)


@lru_cache(4096)
def _is_sensitive(name: str) -> bool:
    folded = "".join(
        one
        for one in unicodedata.normalize("NFKD", name.replace("ß", "ss"))
        if not unicodedata.combining(one) and unicodedata.category(one) != "Cf"
    )
    if any(one.isalpha() and not one.isascii() for one in folded):
        return True  # in letters that none of these words is written in, a look-alike among them
    words = _split(folded)
    joined = "".join(words)
    pairs = [first + second for first, second in pairwise(words)]
    forms = [joined, *words, *pairs]
    plain = [form.rstrip("0123456789").removesuffix("s") for form in forms]
    if any(part in joined for part in _PARTS) or not _WORDS.isdisjoint([*forms, *plain]):
        return True
    return joined.endswith(("name", "names")) and joined.removesuffix("s") not in _THINGS


def _split(name: str) -> list[str]:
    return [word for word in _SEPARATORS.split(_CAMEL.sub(" ", name).casefold()) if word]


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        named = any(_names(name, member) for name, member in value.items())
        return {
            key: _covered(member) if _is_covered(name, member, named=named) else _uncovered(name, member)
            for key, (name, member) in zip(_keys(value), value.items(), strict=True)
        }
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return _text(value) if isinstance(value, str) else value


def _uncovered(name: str, member: Any) -> Any:
    return _party(member) if isinstance(member, str | list) and _is_party(name) else _masked(member)


@lru_cache(4096)
def _is_party(name: str) -> bool:
    return any(word in _PARTIES for last in _split(name)[-1:] for word in (last, last.removesuffix("s")))


def _party(value: Any) -> Any:
    """A customer by its code; who is meant by another text is not shown."""
    if isinstance(value, list):
        return [_party(item) for item in value]
    return (value if _CODE.fullmatch(value) else MASK) if isinstance(value, str) and value else _masked(value)


def _names(name: str, member: Any) -> bool:
    """Whether a member says by its value that the one beside it is sensitive."""
    return (
        isinstance(member, str) and name.casefold() in _NAMING and len(member) <= _LONGEST_NAME and is_sensitive(member)
    )


def _is_covered(name: str, member: Any, *, named: bool) -> bool:
    plain = name.casefold()
    return is_sensitive(name) or (named and plain in _NAMED) or (plain in _PROSE and isinstance(member, str))


def _covered(value: Any) -> Any:
    """Everything that `value` holds is sensitive; how much there is may be seen."""
    if isinstance(value, dict):
        return {key: _covered(member) for key, member in zip(_keys(value), value.values(), strict=True)}
    if isinstance(value, list):
        return [_covered(item) for item in value]
    return None if value is None else MASK


def _keys(value: dict[str, Any]) -> list[str]:
    """Names as they are; one that is itself somebody's address or number is masked, and counted to stay apart."""
    keys: list[str] = []
    for name in value:
        shown = _ENCODED.sub(MASK, _LOOKS.sub(MASK, name)) if _HINT.search(name) else name
        keys.append(name if shown == name else f"{shown} {len(keys) + 1}")
    return keys


def _text(text: str) -> str:
    """A text that is no member of a sensitive name may still hold JSON, a URL's query or somebody's address."""
    if len(text) > _LONGEST_TEXT:
        return MASK
    if text.lstrip()[:1] in {"{", "["}:
        try:
            inner = values.decode(text)
        except values.ValueRefused:
            return _looks(text)
        shown = _masked(inner)
        return text if shown == inner else values.encode(shown).decode()
    return _looks(text)


def _looks(text: str) -> str:
    if not _HINT.search(text):
        return text
    if "=" in text:
        text = _QUERY.sub(lambda one: f"{one['name']}={MASK}" if is_sensitive(one["name"]) else one[0], text)
    if "://" in text:
        text = _USER.sub(f"{MASK}@", text)
    if "%" in text:
        text = _ENCODED.sub(MASK, text)
    return _LOOKS.sub(MASK, _IBAN.sub(lambda one: MASK if _is_iban(one[0]) else one[0], text))


def _is_iban(text: str) -> bool:
    """By its check digits (ISO 13616), so that an order's number stays."""
    compact = text.replace(" ", "")
    return int("".join(str(int(one, 36)) for one in compact[4:] + compact[:4])) % 97 == 1
