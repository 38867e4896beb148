"""Passkeys (WebAuthn): a key that the person's device keeps and that signs on one host alone (ADR 0045).

The device asks for the person's finger, face or PIN: a passkey is both factors at once. What is signed is derived from
a cookie of the browser that asked, counts once, and is five minutes old at most.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from infra import ids
from infra.database import Database, Scope
from tenants.audit import service as audit
from tenants.identity import account_repository, notices
from tenants.identity import passkey_repository as repository
from tenants.identity.account_repository import FoundAccount
from tenants.identity.errors import PasskeyRefused, SignsInAtProvider, UnknownPasskey
from tenants.identity.people_models import Passkey
from tenants.identity.sessions import Place, digest_of
from tenants.organizations.names import check_name

if TYPE_CHECKING:
    from tenants.identity.passkey_signing import Signing

LIFE: Final = timedelta(minutes=5)
LONGEST_NAME: Final = 64
_BYTES: Final = 32
_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_CREDENTIAL: Final = re.compile(r"[A-Za-z0-9_-]{1,1400}")
Purpose = Literal["add", "enter", "prove"]


class Asked(msgspec.Struct, frozen=True):
    """What the browser hands to the device, as JSON of WebAuthn, and the text of the cookie that it keeps."""

    options: bytes
    cookie: str

    def __repr__(self) -> str:
        return "Asked()"


class Signed(msgspec.Struct, frozen=True):
    """What came back: from which origin the pages are, the cookie of the browser, and the device's answer."""

    origin: str
    cookie: str | None
    credential: dict[str, Any]

    def __repr__(self) -> str:
        return "Signed()"


class Passkeys:
    """For one process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask_new(self, place: Place, account: FoundAccount, issuer: str) -> Asked:
        """For a passkey of this account on this host; `issuer` is the partner's name."""
        async with self._database.session(account.rows) as session:
            known = await repository.of_account(session, account.partner_id, account.account_id)
        challenge, cookie = await self._challenge(place, "add", account)
        signing = await _signing()
        return Asked(
            signing.to_add(place.host, account, issuer, challenge, [one.credential_id for one in known]), cookie
        )

    async def add(self, place: Place, account: FoundAccount, token: str, signed: Signed, name: str) -> Passkey:
        """The new passkey.

        Raises:
            PasskeyRefused: it did not sign what was asked, here, is known already, or the session of `token` is over:
                what ends sessions because somebody else may have been there must not be outlived by a passkey.
            SignsInAtProvider: a directory provisions the account.
        """
        shown = check_name(name, "/name")[:LONGEST_NAME]
        challenge = await self._take(place, signed.cookie, "add", account)
        found = (await _signing()).added(place.host, signed.origin, signed.credential, challenge)
        values = {
            "partner_id": account.partner_id,
            "credential_id": found.credential_id,
            "account_id": account.account_id,
            "tenant_id": account.own_tenant_id,
            "host": place.host,
            "name": shown,
            "public_key": found.credential_public_key,
            "sign_count": found.sign_count,
        }
        digest = digest_of(token) or b""
        async with self._database.session(account.rows) as session:
            if await account_repository.is_provisioned(session, account.partner_id, account.account_id):
                raise SignsInAtProvider
            made = None
            if await account_repository.hold(session, account.partner_id, account.account_id, None):
                # Asked of the database: a process remembers a session for two seconds after its end.
                lives = await account_repository.is_there(session, account.partner_id, place.host, digest)
                made = await repository.add(session, values) if lives else None
            if made is None:
                raise PasskeyRefused
            who = ids.show("acc", account.account_id)
            after = {"name": shown, "host": place.host}
            await audit.record(session, actor=f"account:{who}", action="passkey.added", target=who, after=after)
            await notices.tell(session, account, "people.passkey-added", {"passkey": shown, "host": place.host})
            await session.commit()
        return made

    async def ask(self, place: Place) -> Asked:
        """For whichever passkey of this host the person chooses: nobody is named, and so nobody can be looked for."""
        challenge, cookie = await self._challenge(place, "enter", None)
        return Asked((await _signing()).to_open(place.host, challenge), cookie)

    async def enter(self, place: Place, signed: Signed) -> FoundAccount:
        """Whose passkey it is, proven.

        Raises:
            PasskeyRefused: unknown here, it signed something else, its account is disabled, or its counter went back.
        """
        return await self._opened(place, signed, await self._take(place, signed.cookie, "enter", None))

    async def ask_again(self, place: Place, account: FoundAccount) -> Asked:
        """For a passkey that this account has on this host. Raises UnknownPasskey: it has none."""
        async with self._database.session(account.rows) as session:
            known = await repository.of_account(session, account.partner_id, account.account_id)
        here = [one.credential_id for one in known if one.host == place.host]
        if not here:
            raise UnknownPasskey
        challenge, cookie = await self._challenge(place, "prove", account)
        return Asked((await _signing()).to_open(place.host, challenge, here), cookie)

    async def prove(self, place: Place, account: FoundAccount, signed: Signed) -> FoundAccount:
        """The account as it stands, proven anew. Raises PasskeyRefused as `enter` does, and for somebody else's."""
        challenge = await self._take(place, signed.cookie, "prove", account)
        return await self._opened(place, signed, challenge, owner=account)

    async def _opened(
        self, place: Place, signed: Signed, challenge: bytes, owner: FoundAccount | None = None
    ) -> FoundAccount:
        known = _known(signed.credential.get("id"))
        if known is None:
            raise PasskeyRefused
        signing = await _signing()
        async with self._database.session(Scope.partner(place.partner_id)) as session:
            found = await repository.find(session, place, known)
            if found is None or (owner is not None and found.account_id != owner.account_id):
                raise PasskeyRefused
            count = signing.opened(
                place.host, signed.origin, signed.credential, challenge, found.public_key, found.sign_count
            )
            account = await account_repository.standing(session, place.partner_id, found.account_id)
            if not await repository.use(session, found, count) or account is None or not account.live:
                raise PasskeyRefused
            await session.commit()
        return account

    async def list_passkeys(self, account: FoundAccount) -> list[Passkey]:
        async with self._database.session(account.rows) as session:
            return await repository.of_account(session, account.partner_id, account.account_id)

    async def remove(self, account: FoundAccount, credential: str) -> None:
        """It opens nothing any more, and the account's sessions end. Raises UnknownPasskey."""
        known = _known(credential)
        if known is None:
            raise UnknownPasskey
        async with self._database.session(account.rows) as session:
            if not await repository.remove(session, account.partner_id, account.account_id, known):
                raise UnknownPasskey
            await account_repository.end_sessions(session, account.partner_id, account.account_id)
            who = ids.show("acc", account.account_id)
            await audit.record(session, actor=f"account:{who}", action="passkey.removed", target=who)
            await session.commit()

    async def _challenge(self, place: Place, purpose: Purpose, account: FoundAccount | None) -> tuple[bytes, str]:
        cookie = secrets.token_urlsafe(_BYTES)
        challenge = _derived(cookie, purpose)
        values = {
            "partner_id": place.partner_id,
            "challenge_hash": hashlib.sha256(challenge).digest(),
            "host": place.host,
            "purpose": purpose,
            "account_id": None if account is None else account.account_id,
        }
        async with self._database.session(Scope.partner(place.partner_id)) as session:
            await repository.add_challenge(session, values, LIFE)
            await session.commit()
        return challenge, cookie

    async def _take(self, place: Place, cookie: str | None, purpose: Purpose, account: FoundAccount | None) -> bytes:
        if cookie is None or _TEXT.fullmatch(cookie) is None:
            raise PasskeyRefused
        challenge = _derived(cookie, purpose)
        async with self._database.session(Scope.partner(place.partner_id)) as session:
            found = await repository.take_challenge(session, place, hashlib.sha256(challenge).digest(), purpose)
            await session.commit()
        if found is None or found.account_id != (None if account is None else account.account_id):
            raise PasskeyRefused
        return challenge


async def _signing() -> Signing:
    """On a thread, since the first passkey waits for the library to load, and nobody else is to."""
    return await asyncio.to_thread(_load)


def _load() -> Signing:
    from tenants.identity.passkey_signing import Signing  # noqa: PLC0415 - most starts of the API see no passkey soon

    return Signing()


def _known(text: object) -> bytes | None:
    """The id of a passkey; None for what is none."""
    if not isinstance(text, str) or _CREDENTIAL.fullmatch(text) is None:
        return None
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None


def _derived(cookie: str, purpose: Purpose) -> bytes:
    return hmac.digest(cookie.encode(), purpose.encode(), "sha256")


def shown(found: Passkey) -> str:
    return base64.urlsafe_b64encode(found.credential_id).decode().rstrip("=")
