"""What a person authorised a mail account to do, as a worker keeps it."""

from __future__ import annotations

from typing import Any, Final

from infra.encryption.secret import Secret
from services.connectors.sdk.context import Renew
from services.connectors.sdk.grant import Grant

BY_TOKEN: Final[dict[str, Any]] = {
    "sign_in": "other",
    "client_id": "of-the-tests",
    "authorize_url": "https://id.example/authorize",
    "token_url": "https://id.example/token",
}
"""Settings of an account that signs in by a token."""


class Held:
    """Tokens, one after the other as each is refused; fills `Granted`."""

    grant: Grant | None = None

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)

    async def access(self, leads_to: str, renew: Renew) -> Secret:
        """The one that holds now."""
        del leads_to, renew
        return Secret(self.tokens[0])

    def forget(self) -> bool:
        return bool(self.tokens.pop(0))
