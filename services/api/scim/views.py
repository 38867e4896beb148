"""Users, groups and lists of them as SCIM shows them (RFC 7643, 4; RFC 7644, 3.4.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec
from litestar.serialization import encode_json
from msgspec import UNSET, Meta, UnsetType

from infra import ids
from services.api.scim.errors import PREFIX
from services.api.scim.filters import GROUP, USER
from tenants.identity import accounts, roles
from tenants.identity.people_models import ProvisionedAccount
from tenants.identity.provisioning.groups import Group
from tenants.identity.provisioning.users import Provisioned

LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_TAG_BYTES: Final = 16
_ALWAYS: Final = frozenset({"schemas", "id"})


class ScimMeta(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    resource_type: str
    location: Annotated[str, Meta(description="Relative to the host.")]
    created: datetime | UnsetType = UNSET
    last_modified: datetime | UnsetType = UNSET
    version: Annotated[str, Meta(description="The resource's `ETag`.")] | UnsetType = UNSET


class ScimReference(msgspec.Struct, frozen=True, kw_only=True):
    """A group of a user, or a user of a group."""

    value: str
    display: str
    ref: str = msgspec.field(name="$ref")
    type: str


class ScimName(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    formatted: str | UnsetType = UNSET
    given_name: str | UnsetType = UNSET
    family_name: str | UnsetType = UNSET


class ScimEmail(msgspec.Struct, frozen=True, kw_only=True):
    value: str
    type: str = "work"
    primary: bool = True


class ScimUser(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody whom the directory provisions."""

    schemas: list[str] = msgspec.field(default_factory=lambda: [USER])
    id: Annotated[str, Meta(examples=["acc_01h455vb4pex5vsknk084sn02q"])]
    external_id: Annotated[str, Meta(description="Who they are at the identity provider.")] | UnsetType = UNSET
    user_name: str | UnsetType = UNSET
    name: ScimName | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    emails: list[ScimEmail] | UnsetType = UNSET
    groups: list[ScimReference] | UnsetType = UNSET
    meta: ScimMeta | UnsetType = UNSET


class ScimGroup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A role, with the directory's people who have it."""

    schemas: list[str] = msgspec.field(default_factory=lambda: [GROUP])
    id: Annotated[str, Meta(examples=["rol_01h455vb4pex5vsknk084sn02q"])]
    display_name: str | UnsetType = UNSET
    members: list[ScimReference] | UnsetType = UNSET
    meta: ScimMeta | UnsetType = UNSET


Resource = TypeVar("Resource", ScimUser, ScimGroup)


class ScimUsers(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    schemas: list[str] = msgspec.field(default_factory=lambda: [LIST])
    total_results: int
    start_index: int
    items_per_page: int
    resources: list[ScimUser] = msgspec.field(name="Resources")


class ScimGroups(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    schemas: list[str] = msgspec.field(default_factory=lambda: [LIST])
    total_results: int
    start_index: int
    items_per_page: int
    resources: list[ScimGroup] = msgspec.field(name="Resources")


def user(found: Provisioned) -> ScimUser:
    entry, account = found.entry, found.account
    shown = accounts.shown(account)
    return _versioned(
        ScimUser(
            id=shown,
            external_id=entry.subject,
            user_name=entry.user_name,
            name=_name(entry),
            display_name=account.name,
            active=account.status == "active",
            emails=[ScimEmail(value=account.email)],
            groups=[_reference("Group", roles.shown(one), one.name, "direct") for one in found.roles],
            meta=ScimMeta(
                resource_type="User",
                location=location("User", shown),
                created=entry.created_at,
                last_modified=entry.changed_at,
            ),
        )
    )


def _name(entry: ProvisionedAccount) -> ScimName | UnsetType:
    """As much of it as the directory has said."""
    said = (entry.formatted_name, entry.given_name, entry.family_name)
    if not any(said):
        return UNSET
    formatted, given, family = (one or UNSET for one in said)
    return ScimName(formatted=formatted, given_name=given, family_name=family)


def group(found: Group) -> ScimGroup:
    shown = roles.shown(found.role)
    return _versioned(
        ScimGroup(
            id=shown,
            display_name=found.role.name,
            members=[_reference("User", ids.show("acc", one), name, "User") for one, name in found.members],
            meta=ScimMeta(resource_type="Group", location=location("Group", shown), created=found.role.created_at),
        )
    )


def location(kind: str, shown: str) -> str:
    return f"{PREFIX}/{kind}s/{shown}"


def version_of(found: ScimUser | ScimGroup) -> str:
    return found.meta.version if isinstance(found.meta, ScimMeta) and isinstance(found.meta.version, str) else ""


def projected(found: Resource, attributes: str | None, excluded: str | None) -> Resource:
    """What was asked for of it: only `attributes`, or all but `excluded`; `schemas` and `id` always (RFC 7644, 3.9)."""
    names = {one.encode_name.lower(): one.name for one in msgspec.structs.fields(type(found))}
    if attributes is not None:
        left_out = set(names) - _wanted(attributes, names)
    elif excluded is not None:
        left_out = _wanted(excluded, names)
    else:
        return found
    changes: dict[str, Any] = {names[one]: UNSET for one in left_out - _ALWAYS}
    return msgspec.structs.replace(found, **changes)


def _wanted(text: str, known: Sequence[str] | dict[str, str]) -> set[str]:
    """Attributes by their first name: who asks for `name.givenName` is shown all of the name."""
    found = set()
    for one in text.split(","):
        plain = one.strip().lower().removeprefix(f"{USER.lower()}:").removeprefix(f"{GROUP.lower()}:")
        found.add(plain.partition(".")[0])
    return found & set(known)


def _reference(kind: str, shown: str, display: str, type_: str) -> ScimReference:
    return ScimReference(value=shown, display=display, ref=location(kind, shown), type=type_)


def _versioned(found: Resource) -> Resource:
    """With its version: a digest of all else that there is of it, weak, since it is shown in parts, too."""
    tag = hashlib.sha256(encode_json(found)).hexdigest()[: 2 * _TAG_BYTES]
    if not isinstance(found.meta, ScimMeta):
        return found
    return msgspec.structs.replace(found, meta=msgspec.structs.replace(found.meta, version=f'W/"{tag}"'))
