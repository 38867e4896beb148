"""`oauth2` and `oidc` policies."""

from __future__ import annotations

from typing import Any, Final

from template_library.dsl.checker import Checker, kind_of
from template_library.dsl.model import Constant, Expression, MapTemplate, Template
from template_library.dsl.origins import Origins
from template_library.dsl.positions import step
from template_library.dsl.templates import DELIMITED, Templates, join
from template_library.dsl.uris import URI, filled

_TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - the name of a grant
_GRANTS: Final = ("authorization_code", "client_credentials", "password", "refresh_token", _TOKEN_EXCHANGE)
_METHODS: Final = ("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none")
_SECRET_METHODS: Final = _METHODS[:3]
_ENCODINGS: Final = ("application/x-www-form-urlencoded", "application/json")
_LISTS: Final = ("issuers", "scopes", "audiences")
_TOKENS: Final = ("subject", "actor")
_TEXTS: Final = ("username", "password")
_MEMBERS: Final = ("authority", "grant", "client", "request", *_LISTS, *_TEXTS, *_TOKENS)


class OAuth:
    def __init__(self, checker: Checker, templates: Templates, origins: Origins) -> None:
        self._checker = checker
        self._templates = templates
        self._origins = origins

    def definition(self, value: Any, pointer: str, arguments: frozenset[str], *, endpoints: bool) -> Template | None:
        """The members as written; defaults are filled in by whoever asks for a token."""
        names = (*_MEMBERS, "endpoints") if endpoints else _MEMBERS
        members = self._checker.members(value, pointer, names, required=("authority", "grant"))
        if members is None:
            return None
        found = {name: self._member(name, member, step(pointer, name), arguments) for name, member in members.items()}
        self._complete(members, pointer)
        return join({name: template for name, template in found.items() if template is not None})

    def _member(self, name: str, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        if name == "grant":
            grant = self._checker.choice(value, pointer, _GRANTS)
            return None if grant is None else Constant(grant)
        if name == "request":
            return self._chosen(value, pointer, "encoding", _ENCODINGS)
        if name in _TOKENS:
            return self._object(value, pointer, ("token", "type"), arguments, required=("token", "type"))
        if name == "endpoints":
            return self._endpoints(value, pointer, arguments)
        readers = {"authority": self._authority, "client": self._client, **dict.fromkeys(_LISTS, self._list)}
        return readers.get(name, self._text)(value, pointer, arguments)

    def _authority(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        if self._checker.text(value, pointer) is None:
            return None
        if URI.fullmatch(value):
            found: Template = filled(value, pointer)
            found = self._templates.keep(found) if isinstance(found, Expression) else found
        elif DELIMITED.fullmatch(value) or self._templates.loose:
            found = self._templates.template(value, pointer, arguments)
        else:
            self._checker.refuse(pointer, f"`{value[:80]}` is not a URI template")
            return None
        self._origins.url(found, pointer)
        return found

    def _endpoints(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        """Below the authority, or URLs; of `token`, where secrets go."""
        found = self._object(value, pointer, ("token", "revocation", "introspection"), arguments)
        if isinstance(found, MapTemplate):
            for name, member in found.members:
                if name == "token":
                    self._origins.written(member, step(pointer, name))
        return found

    def _client(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        names = ("id", "secret", "assertion", "authentication")
        members = self._checker.members(value, pointer, names)
        if members is None:
            return None
        method = members.pop("authentication", None)
        found = {name: self._text(member, step(pointer, name), arguments) for name, member in members.items()}
        if method is not None and self._checker.choice(method, step(pointer, "authentication"), _METHODS):
            found["authentication"] = Constant(method)
        if method != "none" and "id" not in members:
            self._checker.refuse(pointer, "`id` is missing")
        if method == "private_key_jwt" and "assertion" not in members:
            self._checker.refuse(pointer, "`assertion` is missing, which `private_key_jwt` is made of")
        return join({name: template for name, template in found.items() if template is not None})

    def _complete(self, members: dict[str, Any], pointer: str) -> None:
        """What a grant needs beside itself."""
        grant = members.get("grant")
        if grant == "authorization_code":
            words = "`authorization_code` needs a person at a browser; use client_credentials or another grant"
            self._checker.never(step(pointer, "grant"), words)
        self._shown(members.get("client"), step(pointer, "client"))
        if "client" not in members:
            self._checker.refuse(pointer, "`client` is missing")
        if grant == _TOKEN_EXCHANGE and "subject" not in members:
            self._checker.refuse(pointer, "`subject` is missing, the token that is exchanged")
        for name in _TEXTS if grant == "password" else ():
            if name not in members:
                self._checker.refuse(pointer, f"`{name}` is missing, which the grant `password` needs")

    def _shown(self, client: Any, pointer: str) -> None:
        """How a client shows who it is lacks nothing; `private_key_jwt` is looked at where the client is read."""
        if not isinstance(client, dict):
            return
        method = client.get("authentication", "client_secret_post")
        given = {"secret", "assertion"} if method == "client_secret_jwt" else {"secret"}
        if method in _SECRET_METHODS and not given & client.keys():
            words = f"`secret` is missing, which `{method}` needs; a client without one has `authentication: none`"
            self._checker.never(pointer, words)

    def _object(
        self,
        value: Any,
        pointer: str,
        names: tuple[str, ...],
        arguments: frozenset[str],
        *,
        required: tuple[str, ...] = (),
    ) -> Template | None:
        members = self._checker.members(value, pointer, names, required=required)
        if members is None:
            return None
        return join({
            name: self._text(member, step(pointer, name), arguments) or Constant(None)
            for name, member in members.items()
        })  # fmt: skip

    def _chosen(self, value: Any, pointer: str, name: str, words: tuple[str, ...]) -> Template | None:
        members = self._checker.members(value, pointer, (name,))
        if members and self._checker.choice(members[name], step(pointer, name), words):
            return Constant(members)
        return None

    def _list(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        if not isinstance(value, list):
            self._checker.refuse(pointer, f"must be a list of strings, not {kind_of(value)}")
            return None
        for index, item in enumerate(value):
            self._checker.text(item, step(pointer, index))
        return self._templates.template(value, pointer, arguments)

    def _text(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        if self._checker.text(value, pointer) is None:
            return None
        return self._templates.template(value, pointer, arguments)
