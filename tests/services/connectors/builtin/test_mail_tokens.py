"""What a mail account's settings say of the server that a person authorises it at."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.connectors.builtin.imap.connector import Imap
from services.connectors.builtin.smtp.connector import Smtp
from services.connectors.mail import signing
from services.connectors.sdk.authorization import Authorizes
from services.connectors.sdk.errors import Refusal

BASE: dict[str, Any] = {"base_url": "imaps://mail.example.com:993", "user": "orders@acme.example"}
GOOGLE = {**BASE, "sign_in": "google", "client_id": "of-ours"}
OTHER = {
    **BASE,
    "sign_in": "other",
    "client_id": "of-ours",
    "authorize_url": "https://id.example/authorize",
    "token_url": "https://id.example/token",
    "scopes": ["mail"],
}


def query(settings: dict[str, Any], connector: Any = None) -> dict[str, list[str]]:
    grant: Any = (connector or Imap()).code_grant(settings)
    return parse_qs(urlsplit(grant.location(redirect_uri="https://x.example/r", state="s", verifier="v")).query)


def test_who_signs_in_by_a_password_is_not_authorised_by_anybody() -> None:
    assert Imap().code_grant(BASE) is None
    for one in (Imap(), Smtp()):
        assert isinstance(one, Authorizes)
        assert one.manifest.destinations >= signing.DESTINATIONS


def test_google_and_microsoft_are_known_with_what_makes_them_give_a_refresh_token() -> None:
    asked = query(GOOGLE)
    assert (asked["scope"], asked["access_type"]) == (["https://mail.google.com/"], ["offline"])
    microsoft = {**GOOGLE, "sign_in": "microsoft", "directory": "acme.example"}
    assert query(microsoft, Smtp())["scope"] == ["https://outlook.office.com/SMTP.Send offline_access"]
    grant = Imap().code_grant(microsoft)
    assert grant is not None
    assert grant.token_url.startswith("https://login.microsoftonline.com/acme.example/oauth2/")
    assert grant.base_url == BASE["base_url"], "the only server that the token goes to"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"client_id": ""}, "its setting `client_id`"),
        ({"token_url": ""}, "its setting `token_url`"),
        ({"token_url": "https://other.example/token"}, "two origins"),
        ({"token_url": "http://id.example/token"}, "no https address"),
    ],
)
def test_S_61_an_address_of_another_server_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(Refusal) as refused:
        Imap().code_grant({**OTHER, **changes})
    assert says in refused.value.detail
    assert Imap().code_grant(OTHER) is not None


def test_a_client_without_a_secret_shows_none() -> None:
    grant = Imap().code_grant({**OTHER, "client_shown_by": "none"})
    assert grant is not None
    assert (grant.secret, grant.client, grant.scopes) == ("", "none", ("mail",))
