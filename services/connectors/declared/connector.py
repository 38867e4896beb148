"""A manifest as a connector: it fills the protocols of the SDK, so that nothing else knows that it is data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from services.connectors.capabilities.contracts import contracts
from services.connectors.declared.credentials.choosing import credentials
from services.connectors.declared.credentials.code import code_grant
from services.connectors.declared.document import Database, Document, OAuth2, OAuth2Code, OperationPart, Setting, Ssh
from services.connectors.declared.files.layouts import Layouts
from services.connectors.declared.files.trigger import TAKE, FilesPoll
from services.connectors.declared.operations import DeclaredOperation
from services.connectors.declared.trigger_parts import FilesPart, PollPart, TriggerPart, WebhookPart
from services.connectors.declared.triggers import WATCH, DeclaredPoll
from services.connectors.sdk.authorization import CodeGrant
from services.connectors.sdk.connector import ReadBack
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away, Refusal
from services.connectors.sdk.manifest import Care, Manifest, Mode, Operation, SecretField, Trigger, WebhookForm
from services.connectors.sdk.settings import base_url_settings, database_settings, file_settings, watch_setting
from services.engine.expressions.protocol import Evaluator, ExpressionsUnavailable

_WAITS = "its mappings cannot be evaluated on this machine now"


class Declared:
    """Fills `Connector`, `ByCall`, `ReadsBack` and `Authorizes` from a checked manifest.

    Keeps sessions and tokens by connection.

    Args:
        evaluator: of the programs that are not answered in process.
    """

    def __init__(self, document: Document, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self.document = document
        signing = credentials(document)
        self.operations = {
            name: DeclaredOperation(document, name, contracts().get(name), signing) for name in document.operations
        }
        self.polls: dict[str, DeclaredPoll] = {}
        for name, part in document.triggers.items():
            if isinstance(part, PollPart):
                self.polls[name] = DeclaredPoll(part, name, evaluator)
            elif isinstance(part, FilesPart):
                self.polls[name] = FilesPoll(part, name, evaluator, Layouts(document.layouts))
        self.manifest = Manifest(
            name=document.name,
            version=document.version,
            title=document.title,
            settings=_settings(document),
            secrets=tuple(
                SecretField(name=name, title=one.title, required=one.required) for name, one in document.secrets.items()
            ),
            operations=(
                *(_operation(name, part, self.operations[name]) for name, part in document.operations.items()),
                *([TAKE] if any(isinstance(one, FilesPoll) for one in self.polls.values()) else []),
            ),
            limits=document.limits,
            destinations=_destinations(document),
            asked=_asked(document),
            triggers=tuple(_trigger(name, part) for name, part in document.triggers.items()),
            traps=document.traps,
            follows=document.follows,
            health=document.health,
        )

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        try:
            if operation == TAKE.name:
                return await self._take(values, context)
            return await self.operations[operation].call(values, context, self._evaluator)
        except ExpressionsUnavailable as error:
            raise Away(_WAITS, sent=context.sent) from error

    async def _take(self, values: Any, context: Context) -> Any:
        found = self.polls.get(values["trigger"])
        if not isinstance(found, FilesPoll):
            raise Refusal(f"There is no trigger of files {values['trigger'][:100]!r}", name="configuration")
        return await found.take(values.get("cursor"), context)

    def care(self, operation: str, values: Any, settings: Mapping[str, Any]) -> Care:
        """As the manifest says, or the connection where the manifest leaves it to a setting."""
        del values
        return self.operations[operation].care(settings)

    def code_grant(self, settings: Mapping[str, Any]) -> CodeGrant | None:
        """See `Authorizes`."""
        part = self.document.authentication
        return code_grant(self.document.name, part, settings) if isinstance(part, OAuth2Code) else None

    def polled(self, trigger: str) -> DeclaredPoll | None:
        """See `Watches`."""
        return self.polls.get(trigger)

    async def read_back(self, operation: str, values: Any, context: Context) -> ReadBack:
        try:
            return await self.operations[operation].read_back(values, context, self._evaluator)
        except ExpressionsUnavailable as error:
            raise Away(_WAITS, sent=context.sent) from error


def _settings(document: Document) -> dict[str, Any]:
    given = document.settings
    polls = [name for name, part in document.triggers.items() if not isinstance(part, WebhookPart)]
    watch = {WATCH: watch_setting(polls)} if polls else {}
    if isinstance(document.authentication, Ssh):
        return file_settings(*given.required, **given.properties, **watch)
    if isinstance(document.authentication, Database):
        return database_settings(*given.required, **given.properties, **watch)
    return base_url_settings(*(one for one in given.required if one != "base_url"), **given.properties, **watch)


def _trigger(name: str, part: TriggerPart) -> Trigger:
    if isinstance(part, WebhookPart):
        event = part.event
        kinds = tuple(dict.fromkeys(event.types.values())) or tuple(filter(None, [event.type.value]))
        webhook = WebhookForm(verification=part.verification, event=event, media_types=part.media_types)
        return Trigger(name=name, title=part.title, kind="webhook", events=kinds, webhook=webhook)
    kind: Literal["poll", "file"] = "file" if isinstance(part, FilesPart) else "poll"
    return Trigger(name=name, title=part.title, kind=kind, events=(part.event.type,), every=part.every)


def _operation(name: str, part: OperationPart, declared: DeclaredOperation) -> Operation:
    contract, effect = contracts().get(name), part.care
    mode: Mode = "by-call"
    if not isinstance(effect.mode, Setting) and not isinstance(effect.key_valid_for, Setting):
        mode = effect.mode
    return Operation(
        name=name,
        title=part.title or (contract.title if contract else ""),
        mode=mode,
        input=(contract.input if contract else part.input) or {},
        output=(contract.output if contract else part.output) or {},
        key_valid_for=effect.key_valid_for if isinstance(effect.key_valid_for, str) else None,
        evens_out=effect.evens_out,
        writes=contract.writes if contract else part.writes,
        scopes=part.scopes,
        looks=declared.looks,
    )


def _asked(document: Document) -> frozenset[str]:
    part = document.authentication
    return frozenset(part.scopes) if isinstance(part, OAuth2 | OAuth2Code) else frozenset()


def _destinations(document: Document) -> frozenset[str]:
    part = document.authentication
    if isinstance(part, OAuth2) and isinstance(part.token_url, Setting):
        return frozenset({part.token_url.setting})
    if isinstance(part, Ssh):
        return frozenset({"host_keys"})
    if isinstance(part, Database):
        return frozenset({"tls", "tls_authority"})
    if isinstance(part, OAuth2Code):
        found = (part.authorize_url, part.token_url)
        return frozenset(one.setting for one in found if isinstance(one, Setting))
    return frozenset()
