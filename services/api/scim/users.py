"""What a directory says of a user, as a whole or by operations: read into what is kept of it.

Kept are the names, one address and whether the person is active. Everything else of the core schema and of extensions
is taken and not kept, as a service may (RFC 7643, 3.3); a path that names nothing at all is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from services.api.scim import bodies
from services.api.scim.errors import Immutable, InvalidPath, InvalidSyntax, InvalidValue
from services.api.scim.filters import attribute_name
from tenants.identity import emails
from tenants.identity.provisioning.users import Described
from tenants.organizations.names import check_name

_MOST_OPERATIONS: Final = 200
_KEPT: Final = (
    "username",
    "externalid",
    "active",
    "displayname",
    "name.formatted",
    "name.givenname",
    "name.familyname",
)
_NEEDED: Final = frozenset({"username", "externalid", "active"})
_NOT_THEIRS: Final = frozenset({"id", "meta", "schemas", "groups"})
_NOT_KEPT: Final = frozenset(
    {"nickname", "profileurl", "title", "usertype", "preferredlanguage", "locale", "timezone", "password", "addresses"}
    | {"phonenumbers", "ims", "photos", "entitlements", "roles", "x509certificates"}
    | {"name.middlename", "name.honorificprefix", "name.honorificsuffix"}
)
_PATH: Final = re.compile(r"(?P<name>[a-z][\w-]*)(?:\[(?P<filter>[^\]]+)\])?(?:\.(?P<part>[\w$-]+))?")
_OURS: Final = re.compile(r'\s*(?:type eq "work"|primary eq (?:true|"true"))\s*')
_EMAIL: Final = "email"


class Said(msgspec.Struct):
    """What a request said, by attribute in lower case; None: that it has no value. What it left out is absent."""

    values: dict[str, Any] = {}

    def say(self, name: str, value: Any) -> None:
        """Raises InvalidValue, Immutable: the attribute may not be that."""
        if name == "active" and value is not None:
            self.values[name] = bodies.flag(value, "active")
            return
        found = bodies.text(value, name)
        if found is None and name in _NEEDED:
            raise Immutable(f"{name} is not left out")
        self.values[name] = found


def read(body: Mapping[str, Any]) -> Said:
    """A whole user, of POST and PUT."""
    said = Said()
    for name, value in body.items():
        if value is not None or name not in _NEEDED:
            _assign(said, name, value, quietly=True)
    return said


def patched(body: Mapping[str, Any]) -> Said:
    """What the operations of a PATCH come to, one after the other.

    Raises:
        InvalidSyntax, InvalidPath, InvalidValue, Immutable: one of them cannot be done, so none is.
    """
    said = Said()
    for op, path, value in operations(body):
        if op == "remove":
            if path is None:
                raise InvalidPath("An operation `remove` has a path")
            _assign(said, path, None)
        elif path is not None:
            _assign(said, path, value)
        else:
            for name, one in bodies.members(value, "The value of an operation without a path").items():
                _assign(said, name, one, quietly=True)
    return said


def operations(body: Mapping[str, Any]) -> Iterator[tuple[str, str | None, Any]]:
    """Each operation's word, its path as it was sent, and its value. Raises InvalidSyntax."""
    found = body.get("operations")
    if not isinstance(found, list) or not found or len(found) > _MOST_OPERATIONS:
        raise InvalidSyntax(f"Operations is a list of 1 to {_MOST_OPERATIONS}")
    for each in found:
        one = bodies.members(each, "An operation")
        op, path = one.get("op"), one.get("path")
        if not isinstance(op, str) or op.lower() not in {"add", "replace", "remove"}:
            raise InvalidSyntax("op is add, replace or remove")
        if path is not None and (not isinstance(path, str) or len(path) > bodies.LONGEST_TEXT):
            raise InvalidPath("A path is a string")
        if op.lower() != "remove" and "value" not in one:
            raise InvalidValue(f"An operation `{op.lower()}` has a value")
        yield op.lower(), path or None, one.get("value")


def described(said: Said, before: Described | None) -> Described:
    """The user as they are to be: what was said, over what they were; None: somebody new.

    Raises:
        InvalidValue: a new one lacks what is needed, or has no address.
        InvalidField: a name that may not be shown.
    """
    get: Callable[[str, Any], Any] = said.values.get
    user_name = get("username", before and before.user_name)
    subject = get("externalid", before and before.subject)
    if not user_name:
        raise InvalidValue("userName is missing")
    if not subject:
        raise InvalidValue(
            "externalId is missing: send who the person is at your identity provider, its `sub` or `oid`"
        )
    formatted, given, family = _name(said, before)
    return Described(
        user_name=check_name(user_name, "/userName"),
        subject=subject,
        name=_shown(said, before, formatted or _composed(given, family) or user_name),
        email=_address(said, before, user_name),
        formatted_name=formatted,
        given_name=given,
        family_name=family,
        is_active=get("active", before is None or before.is_active),
    )


def _name(said: Said, before: Described | None) -> tuple[str | None, str | None, str | None]:
    """Formatted, given and family name. A formatted one that was the other two together goes on being that."""
    old = (None, None, None) if before is None else (before.formatted_name, before.given_name, before.family_name)
    given, family = said.values.get("name.givenname", old[1]), said.values.get("name.familyname", old[2])
    formatted = said.values.get("name.formatted", old[0])
    if "name.formatted" not in said.values and old[0] is not None and old[0] == _composed(old[1], old[2]):
        formatted = _composed(given, family)
    for text, pointer in ((formatted, "formatted"), (given, "givenName"), (family, "familyName")):
        if text is not None:
            check_name(text, f"/name/{pointer}")
    return formatted, given, family


def _shown(said: Said, before: Described | None, derived: str) -> str:
    """What people see: what was said; else it follows the name where it was that before."""
    if said.values.get("displayname"):
        return str(said.values["displayname"])
    if before is None or "displayname" in said.values:
        return derived
    was = before.formatted_name or _composed(before.given_name, before.family_name) or before.user_name
    return derived if before.name == was else before.name


def _address(said: Said, before: Described | None, user_name: str) -> str:
    found = said.values.get(_EMAIL) or (before and before.email)
    if found is None:
        found = user_name
        if not emails.is_address(emails.normal(found)):
            raise InvalidValue("emails is missing, and userName is no address")
    return emails.normal(str(found))


def _composed(given: str | None, family: str | None) -> str | None:
    return " ".join(one for one in (given, family) if one) or None


def _assign(said: Said, path: str, value: Any, *, quietly: bool = False) -> None:
    """Say `value` of the attribute at `path`. `quietly`: what is not theirs to say is passed over (RFC 7644, 3.3)."""
    name = attribute_name(path)
    if name in _KEPT:
        said.say(name, value)
    elif name in _NOT_THEIRS:
        if not quietly:
            raise Immutable(f"{path} is not the directory's to change")
    elif name == "name":
        parts = {"formatted": None, "givenname": None, "familyname": None}
        for part, one in (parts if value is None else bodies.members(value, "name")).items():
            _assign(said, f"name.{part}", one, quietly=True)
    elif name.startswith("emails"):
        _assign_emails(said, name, value)
    elif not (quietly or name.startswith("urn:")) and _root(name) not in _NOT_KEPT and name not in _NOT_KEPT:
        raise InvalidPath(f"{path} names no attribute of a user")


def _root(name: str) -> str:
    found = _PATH.fullmatch(name)
    return "" if found is None else found["name"]


def _assign_emails(said: Said, name: str, value: Any) -> None:
    """One address is kept: the work address, or the one that is primary."""
    found = _PATH.fullmatch(name)
    if found is None or found["name"] != "emails":
        raise InvalidPath('Send emails, or emails[type eq "work"].value')
    if found["filter"] is not None and _OURS.fullmatch(found["filter"]) is None:
        return
    if found["part"] not in {None, "value"}:
        return
    said.say(_EMAIL, value if isinstance(value, str) or value is None else _chosen(value))


def _chosen(value: Any) -> str | None:
    listed = [bodies.members(one, "An address") for one in (value if isinstance(value, list) else [value])]
    # The primary one, else one for work, else any: the first of the best rank.
    listed.sort(key=lambda one: (str(one.get("primary")).lower() != "true", str(one.get("type")).lower() != "work"))
    return next((bodies.text(one["value"], "emails.value") for one in listed if one.get("value")), None)
