"""A device that keeps passkeys, in Chromium's own software: it asks its person for nothing (CDP's domain WebAuthn)."""

from __future__ import annotations

from typing import Any

from playwright.async_api import CDPSession, Page


class Device:
    """Beside one page, on whatever host that is."""

    def __init__(self, session: CDPSession, known_as: str) -> None:
        self._session = session
        self._of = {"authenticatorId": known_as}

    async def passkeys(self) -> list[dict[str, Any]]:
        """With their private keys, as nobody else sees them."""
        found: list[dict[str, Any]] = (await self._session.send("WebAuthn.getCredentials", self._of))["credentials"]
        return found

    async def put(self, passkey: dict[str, Any], **changes: Any) -> None:
        """As the only one that it keeps, changed as told."""
        await self._session.send("WebAuthn.clearCredentials", self._of)
        await self._session.send("WebAuthn.addCredential", {**self._of, "credential": {**passkey, **changes}})

    async def knows_its_person(self, *, yes: bool) -> None:
        """Whether the finger that is laid on it is its owner's."""
        await self._session.send("WebAuthn.setUserVerified", {**self._of, "isUserVerified": yes})

    async def is_touched(self, *, yes: bool) -> None:
        """Whether somebody answers it at all."""
        await self._session.send("WebAuthn.setAutomaticPresenceSimulation", {**self._of, "enabled": yes})


async def device(page: Page) -> Device:
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    options |= {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return Device(session, made["authenticatorId"])
