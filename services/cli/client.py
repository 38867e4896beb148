"""The command line as a client of the API: one address, one key, and errors in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import msgspec

from infra import egress, settings
from infra.encryption.secret import Secret, SecretTooShort
from infra.settings import Settings
from services.cli import running

_NOBODY: Final = UUID(int=0)
_EVERYWHERE: Final = ("0.0.0.0/0", "::/0")
_PORTS: Final = {"http": 80, "https": 443}
_FIRST_ERROR: Final = 400
_DOWNLOAD_SECONDS: Final = 600.0
_DOWNLOAD_BYTES: Final = 2**40
_HELP: Final = {"owners-missing": "  `waybill owner name` gives each of them to somebody: docs/partner/owners.md"}
"""What helps at a terminal, by the problem; the API's own words name no command."""


class NotAnswered(Exception):
    """The API gave no answer, or the command line does not know where it is. The message says what to do."""


class Problem(Exception):
    """The API refused; `document` are its problem details (RFC 9457)."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(str(document.get("detail") or document.get("title") or ""))
        self.document = document

    @property
    def status(self) -> int:
        return int(self.document.get("status", 0))

    def lines(self) -> list[str]:
        """For a terminal: title and detail, then each field that is wrong."""
        errors = self.document.get("errors") or []
        head, detail = str(self.document.get("title") or "The API refused"), str(self)
        # The detail of a document with many faults is its first ones, which follow here with their places.
        told = any(str(error.get("detail")) in detail for error in errors)
        if detail.startswith(head):
            head = detail
        elif detail and not told:
            head = f"{head}: {detail}"
        places = [(error.get("pointer") or "/", error.get("line"), error.get("detail")) for error in errors]
        told_of = [f"  {pointer}{f' (line {line})' if line else ''}: {detail}" for pointer, line, detail in places]
        help_with = _HELP.get(str(self.document.get("type") or "").rpartition("/")[2])
        return [head, *told_of, *([help_with] if help_with else [])]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Where the API is and who calls. `tenant` is `client/environment` for a key above the client, else empty."""

    url: str
    key: str
    tenant: str = ""

    def path(self, suffix: str) -> str:
        """Of a tenant route, with the client's prefix where the key needs one."""
        return f"/v1/clients/{self.tenant}{suffix}" if self.tenant else f"/v1{suffix}"


def account(*, key: str | None = None, tenant: str = "", given: Settings | None = None) -> Account:
    """From the settings, completed by the `waybill up` that runs in the home.

    Raises:
        NotAnswered: no address or no key is known.
    """
    known = running.completed(given or settings.load())
    if not known.api_url:
        home = known.home.absolute()
        raise NotAnswered(
            f"No API is known: no `waybill up` runs in the home {home}. Start one, set WAYBILL_HOME to the home in "
            "which it runs, or set WAYBILL_API_URL."
        )
    chosen = key or known.api_key
    if not chosen:
        raise NotAnswered(f"No API key is known for {known.api_url}. Give --key-file FILE, or set WAYBILL_API_KEY.")
    return Account(url=known.api_url.rstrip("/"), key=chosen, tenant=tenant)


class Api:
    """Use as `async with Api(account) as api`."""

    def __init__(self, account: Account) -> None:
        """Raises NotAnswered when the key has not the form of one."""
        self.account = account
        # Whoever runs the command names the address, and it is their own machine: no network is closed to them.
        self._client = egress.Client(egress.Guard(allow_loopback=True, networks=_EVERYWHERE))
        address = urlsplit(account.url)
        port = address.port or _PORTS.get(address.scheme, 0)
        self._destination = egress.Destination(
            allowed_origins=(egress.canonical_origin(account.url),),
            allow_http=address.scheme == "http",
            ports=frozenset({port}),
        )
        try:
            self._credentials = {"Authorization": Secret(f"Bearer {account.key}")}
        except SecretTooShort:
            raise NotAnswered("The API key is too short to be one.") from None

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def call(self, method: str, path: str, body: Any = None, *, media_type: str = "application/json") -> Any:
        """The decoded answer to a request at `path` (absolute, with its query).

        Raises:
            Problem: the API refused.
            NotAnswered: it cannot be reached, or something else answers there.
        """
        headers = {} if body is None else {"Content-Type": media_type}
        return (await self._ask(method, path, body, headers))[0]

    async def edit(self, suffix: str, change: Callable[[Any], Any]) -> Any:
        """PATCH a tenant's thing with what `change` makes of it, unless somebody changes it meanwhile (412).

        Raises:
            Problem, NotAnswered: as `call`.
        """
        path = self.account.path(suffix)
        present, tag = await self._ask("GET", path, None, {})
        headers = {"Content-Type": "application/json", **({"If-Match": tag} if tag else {})}
        return (await self._ask("PATCH", path, change(present), headers))[0]

    async def _ask(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> tuple[Any, str]:
        """The decoded answer, and its tag where it has one."""
        request = egress.Request(
            method=method,
            url=self.account.url + path,
            headers=headers,
            credentials=self._credentials,
            body=b"" if body is None else msgspec.json.encode(body),
            destination=self._destination,
        )
        try:
            answer = await self._client.send(_NOBODY, request)
        except egress.Failed as error:
            raise NotAnswered(f"The API at {self.account.url} does not answer ({error.detail}).") from None
        except egress.Refused as error:
            raise NotAnswered(f"The address {self.account.url} cannot be called: {error.detail}") from None
        try:
            document = msgspec.json.decode(answer.body) if answer.body else None
        except msgspec.DecodeError:
            raise NotAnswered(f"What answers at {self.account.url} is not the API (status {answer.status}).") from None
        if answer.status >= _FIRST_ERROR:
            raise Problem(self._refusal(answer.status, document))
        return document, answer.headers.get("etag", "")

    def _refusal(self, status: int, document: Any) -> dict[str, Any]:
        """The problem details; those of an answer that says nothing are its status and where it came from."""
        if isinstance(document, dict) and (document.get("detail") or document.get("title")):
            return {"status": status, **document}
        return {"status": status, "title": "The API refused", "detail": f"{self.account.url} answered {status}"}

    async def download(self, suffix: str, file: Path) -> int:
        """A tenant route's answer in a new file; how many bytes. What fails leaves no file.

        Raises:
            Problem, NotAnswered: as `call`.
            OSError: the file cannot be written.
        """
        request = egress.Request(
            method="GET",
            url=self.account.url + self.account.path(suffix),
            credentials=self._credentials,
            timeout=_DOWNLOAD_SECONDS,
            destination=self._destination,
        )
        size, draft = 0, file.with_name(f".{file.name}.part")
        try:
            async with self._client.stream(_NOBODY, request, limit=_DOWNLOAD_BYTES) as answer:
                if answer.status >= _FIRST_ERROR:
                    document = msgspec.json.decode(await answer.read())
                    raise Problem(self._refusal(answer.status, document))
                with draft.open("xb") as stream:
                    async for chunk in answer.chunks():
                        size += stream.write(chunk)
            draft.replace(file)
        except (egress.Failed, msgspec.DecodeError) as error:
            raise NotAnswered(f"The API at {self.account.url} did not answer to the end ({error}).") from None
        finally:
            draft.unlink(missing_ok=True)
        return size

    async def get(self, suffix: str, **query: Any) -> Any:
        """A tenant route; parameters that are None are left out."""
        given = {name: value for name, value in query.items() if value is not None}
        return await self.call("GET", self.account.path(suffix) + (f"?{urlencode(given)}" if given else ""))

    async def send(self, method: str, suffix: str, body: Any = None) -> Any:
        """A tenant route, with a JSON body."""
        return await self.call(method, self.account.path(suffix), body)

    async def pages(self, suffix: str, **query: Any) -> list[Any]:
        """Every item of a list."""
        items: list[Any] = []
        cursor = None
        while True:
            page = await self.get(suffix, **query, cursor=cursor)
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items

    async def reference(self, kind: str, prefix: str, given: str) -> str:
        """The id that `given` is, or the id of the thing that has it for a name.

        Raises:
            Problem: nothing has this name.
        """
        if given.startswith(f"{prefix}_"):
            return given
        found = (await self.get(f"/{kind}", name=given, limit=1))["items"]
        if not found:
            raise Problem({"status": 404, "title": "Nothing is here", "detail": f"no {kind[:-1]} is named `{given}`"})
        return str(found[0]["id"])
