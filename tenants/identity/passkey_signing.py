"""What the library of WebAuthn does for passkeys. Loading it is a good part of the start: see `passkeys`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from tenants.identity.account_repository import FoundAccount
from tenants.identity.errors import PasskeyRefused

_REFUSED = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError)


class Signing:
    """Options for the device as JSON, and its answers checked."""

    def to_add(self, host: str, account: FoundAccount, issuer: str, challenge: bytes, known: Sequence[bytes]) -> bytes:
        """For a new passkey of `account` on `host`; `issuer` is the partner's name, `known` what it has already."""
        options = webauthn.generate_registration_options(
            rp_id=host,
            rp_name=issuer,
            user_id=account.account_id.bytes,
            user_name=account.email,
            user_display_name=account.name,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        )
        return webauthn.options_to_json(options).encode()

    def to_open(self, host: str, challenge: bytes, known: Sequence[bytes] | None = None) -> bytes:
        """For one of `known`; None: whichever of this host the person chooses."""
        options = webauthn.generate_authentication_options(
            rp_id=host,
            challenge=challenge,
            allow_credentials=None if known is None else [PublicKeyCredentialDescriptor(id=one) for one in known],
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return webauthn.options_to_json(options).encode()

    def added(self, host: str, origin: str, credential: dict[str, Any], challenge: bytes) -> VerifiedRegistration:
        """The new key, after all that its device signed is what was asked. Raises PasskeyRefused."""
        try:
            return webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=host,
                expected_origin=origin,
                require_user_verification=True,
            )
        except _REFUSED:
            raise PasskeyRefused from None

    def opened(  # noqa: PLR0913, PLR0917 (what a signature is checked against)
        self, host: str, origin: str, credential: dict[str, Any], challenge: bytes, public_key: bytes, count: int
    ) -> int:
        """The device's counter, after all that it signed is what was asked. Raises PasskeyRefused."""
        try:
            proven = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=host,
                expected_origin=origin,
                credential_public_key=public_key,
                credential_current_sign_count=count,
                require_user_verification=True,
            )
        except _REFUSED:
            raise PasskeyRefused from None
        return proven.new_sign_count
