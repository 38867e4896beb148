"""The parts of a manifest, in the form that its JSON Schema holds them to; that says what each means."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from services.connectors.declared.request_parts import FilePart, GraphQL, JsonRpc, OData, Xml
from services.connectors.declared.sql_parts import SqlPart
from services.connectors.declared.trigger_parts import TriggerPart
from services.connectors.sdk.manifest import Question
from services.engine.functions import EffectMode
from template_library.policies.capabilities import Domain
from template_library.status_maps import StatusMap
from tenants.connections.limits import Limits

Statuses = int | str | list[int | str]
Codes = int | str | list[int | str]


class Setting(msgspec.Struct, frozen=True):
    """What a connection's setting of this name says."""

    setting: str
    default: str | None = None


class Effect(msgspec.Struct, frozen=True):
    mode: EffectMode | Setting
    key_valid_for: str | Setting | None = None
    evens_out: bool = False

    @property
    def is_set(self) -> bool:
        """Whether a connection's settings decide a part of it."""
        return isinstance(self.mode, Setting) or isinstance(self.key_valid_for, Setting)


class SettingsPart(msgspec.Struct, frozen=True):
    properties: dict[str, dict[str, Any]] = {}
    required: tuple[str, ...] = ()


class SecretPart(msgspec.Struct, frozen=True):
    title: str
    required: bool = True


class Nobody(msgspec.Struct, frozen=True, tag_field="kind", tag="none"):
    """No credentials."""


class Basic(msgspec.Struct, frozen=True, tag_field="kind", tag="basic"):
    user: str
    secret: str


class Bearer(msgspec.Struct, frozen=True, tag_field="kind", tag="bearer"):
    secret: str


class HeaderKey(msgspec.Struct, frozen=True, tag_field="kind", tag="header"):
    header: str
    secret: str
    prefix: str = ""


class QueryKey(msgspec.Struct, frozen=True, tag_field="kind", tag="query"):
    parameter: str
    secret: str


class OAuth2(msgspec.Struct, frozen=True, tag_field="kind", tag="oauth2"):
    token_url: str | Setting
    client_id: str
    secret: str
    client: Literal["basic", "post"] = "basic"
    scopes: tuple[str, ...] = ()
    audience: str = ""


class OAuth2Code(msgspec.Struct, frozen=True, tag_field="kind", tag="oauth2-code"):
    authorize_url: str | Setting
    token_url: str | Setting
    client_id: str
    secret: str = ""
    client: Literal["basic", "post", "none"] = "basic"
    scopes: tuple[str, ...] = ()
    issuer: str | Setting | None = None
    parameters: dict[str, str] = {}


class Login(msgspec.Struct, frozen=True):
    path: str
    body: dict[str, Any]
    method: str = "POST"


class Session(msgspec.Struct, frozen=True, tag_field="kind", tag="session"):
    login: Login
    token: str = ""
    header: str = ""
    cookie: str = ""
    prefix: str = ""
    seconds: float | None = None
    ended: tuple[int, ...] = (401,)


class Inside(msgspec.Struct, frozen=True, tag_field="kind", tag="body"):
    put: dict[str, Any]
    login: Login | None = None
    seconds: float | None = None


class Aws(msgspec.Struct, frozen=True, tag_field="kind", tag="aws"):
    key_id: str
    secret: str
    region: str
    service: str


class Ssh(msgspec.Struct, frozen=True, tag_field="kind", tag="ssh"):
    """Files over SFTP: the settings `user` and `host_keys`, and the secret `password` or `private_key`."""


class Database(msgspec.Struct, frozen=True, tag_field="kind", tag="database"):
    """Statements: the settings `user`, `tls` and `tls_authority`, and the secret `password`."""


Authentication = (
    Nobody | Basic | Bearer | HeaderKey | QueryKey | OAuth2 | OAuth2Code | Session | Inside | Aws | Ssh | Database
)


class ClientCertificate(msgspec.Struct, frozen=True):
    certificate: str
    key: str


class Waits(msgspec.Struct, frozen=True):
    header: str
    unit: Literal["seconds", "milliseconds", "epoch"] = "seconds"


class ErrorRule(msgspec.Struct, frozen=True):
    kind: Literal["retry", "refuse", "reconnect", "uncertain"] = msgspec.field(name="class")
    status: Statuses | None = None
    code: Codes | None = None
    when: str | None = None
    message: str | None = None
    change: str | None = None
    after: str | None = None


class RequestPart(msgspec.Struct, frozen=True):
    method: str = "GET"
    path: str = ""
    query: dict[str, Any] = {}
    headers: dict[str, str] = {}
    body: Any = UNSET
    graphql: GraphQL | None = None
    json_rpc: JsonRpc | None = None
    odata: OData | None = None
    xml: Xml | None = None
    file: FilePart | None = None
    sql: SqlPart | None = None

    @property
    def is_posted(self) -> bool:
        """Whether its form has one method for all."""
        if self.file is not None:
            return self.file.do == "write"
        if self.sql is not None:
            return self.sql.do == "write"
        return bool(self.graphql or self.json_rpc or (self.xml and self.xml.soap))


class PagesPart(msgspec.Struct, frozen=True):
    kind: Literal["cursor", "page", "offset", "link", "url"]
    items: str
    next: str = ""
    first: int | None = None
    size: int | None = None
    most: int = 20
    most_items: int = 10_000
    beyond: Literal["refuse", "cut"] = "refuse"


class CheckPart(msgspec.Struct, frozen=True):
    holds: str
    otherwise: str
    request: RequestPart | None = None
    pages: PagesPart | None = None
    keep: str = ""


class StepPart(msgspec.Struct, frozen=True):
    request: RequestPart
    unless: str = ""
    holds: str = ""
    otherwise: str = ""
    keep: str = ""


class InsteadPart(msgspec.Struct, frozen=True):
    status: Statuses
    answer: Any
    code: Codes | None = None
    when: str | None = None


class ReadBackPart(msgspec.Struct, frozen=True):
    request: RequestPart
    found: str
    also: dict[str, RequestPart] = {}
    absent: Statuses | None = None
    answer: Any | UnsetType = UNSET


class OperationPart(msgspec.Struct, frozen=True):
    effect: EffectMode | Effect
    request: RequestPart
    answer: Any
    title: str = ""
    input: dict[str, Any] | None = None
    output: dict[str, Any] | None = None
    writes: tuple[Domain, ...] = ()
    scopes: tuple[str, ...] = ()
    checks: tuple[CheckPart, ...] = ()
    before: tuple[StepPart, ...] = ()
    pages: PagesPart | None = None
    also: dict[str, RequestPart] = {}
    instead: tuple[InsteadPart, ...] = ()
    errors: tuple[ErrorRule, ...] = ()
    read_back: ReadBackPart | None = None

    @property
    def care(self) -> Effect:
        """Its effect, written out."""
        return self.effect if isinstance(self.effect, Effect) else Effect(mode=self.effect)


class Document(msgspec.Struct, frozen=True):
    """A whole manifest."""

    name: str
    version: str
    title: str
    authentication: Authentication
    operations: dict[str, OperationPart]
    follows: str = ""
    settings: SettingsPart = SettingsPart()
    secrets: dict[str, SecretPart] = {}
    limits: Limits | None = None
    errors: tuple[ErrorRule, ...] = ()
    client_certificate: ClientCertificate | None = None
    waits: Waits | None = None
    health: Question | None = None
    triggers: dict[str, TriggerPart] = {}
    layouts: dict[str, Any] = {}
    statements: dict[str, Any] = {}
    traps: tuple[str, ...] = ()
    order_states: StatusMap | None = None
    simulator: str = ""
