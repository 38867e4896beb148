"""The roles of a database and what they may do before the first migration; the same for embedded and outside servers.

| role | may |
| --- | --- |
| waybill_owner | owns schema `app`; cannot log in |
| waybill_doors | owns the definer functions that see all tenants; cannot log in |
| waybill_migrator | logs in, becomes the owner for a migration, inherits nothing |
| waybill_app, waybill_worker | log in, own nothing, get their rights from the migrations |

None is superuser, may create roles or passes by row-level security. All statements may be repeated.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Final

DATABASE: Final = "waybill"
OWNER: Final = "waybill_owner"
DOORS: Final = "waybill_doors"
MIGRATOR: Final = "waybill_migrator"
APP: Final = "waybill_app"
WORKER: Final = "waybill_worker"
LOGINS: Final = (MIGRATOR, APP, WORKER)
MINIMUM_VERSION: Final = 170006
"""`server_version_num` of 17.6: older ones leak rows through statistics (CVE-2025-8713)."""

_ITERATIONS: Final = 4096
_STATEMENT_TIMEOUT: Final = {APP: "5s", WORKER: "15s", MIGRATOR: "0"}
_LIMITS: Final = "NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS"


def literal(text: str) -> str:
    """`text` as an SQL string constant."""
    if "\0" in text:
        raise ValueError("an SQL string holds no NUL")
    return "'" + text.replace("'", "''") + "'"


def verifier(password: str) -> str:
    """What PostgreSQL stores for `password` (SCRAM-SHA-256, RFC 7677): the password itself never reaches a log."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt_text, stored_text, server_text = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${_ITERATIONS}:{salt_text}${stored_text}:{server_text}"


def _role(name: str, login: str) -> list[str]:
    return [
        f"DO $$ BEGIN CREATE ROLE {name} {login}; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        f"ALTER ROLE {name} {login}",
    ]


def role_statements(passwords: Mapping[str, str], *, superuser: bool) -> list[str]:
    """Create the roles, or set them right; run in any database, as a role that may create roles.

    Args:
        passwords: of each of `LOGINS`.
        superuser: whether the session is one. Others may not even say NOSUPERUSER, and need no such word: what they
            create has no right that they lack.
    """
    limits = f" {_LIMITS}" if superuser else ""
    statements: list[str] = []
    for name in (OWNER, DOORS):
        statements += _role(name, f"NOLOGIN{limits}")
    for name in LOGINS:
        statements += _role(name, f"LOGIN{limits} INHERIT PASSWORD {literal(verifier(passwords[name]))}")
        statements += [
            f"ALTER ROLE {name} SET statement_timeout = '{_STATEMENT_TIMEOUT[name]}'",
            f"ALTER ROLE {name} SET idle_in_transaction_session_timeout = '30s'",
        ]
    # A migration holds a transaction while it takes turns with the traffic; it may idle longer than a request.
    statements.append(f"ALTER ROLE {MIGRATOR} SET idle_in_transaction_session_timeout = '300s'")
    # The owner hands the definer functions over to the doors; the migrator becomes either, and inherits neither.
    statements += [
        f"GRANT {DOORS} TO {OWNER} WITH INHERIT FALSE, SET TRUE",
        f"GRANT {OWNER}, {DOORS} TO {MIGRATOR} WITH INHERIT FALSE, SET TRUE",
    ]
    return statements


def database_statements(name: str = DATABASE) -> list[str]:
    """Lay out database `name`; run inside it, after the roles, as its owner or a superuser."""
    return [
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {name} TO {', '.join(LOGINS)}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        # Only who may become the owner can give a schema away; administrators of hosted servers first let themselves.
        f"GRANT {OWNER} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE",
        f"CREATE SCHEMA IF NOT EXISTS app AUTHORIZATION {OWNER}",
        f"SET ROLE {OWNER}",
        # A new owner of a function needs CREATE where the function lies.
        f"GRANT USAGE, CREATE ON SCHEMA app TO {DOORS}",
        "RESET ROLE",
        f"REVOKE {OWNER} FROM CURRENT_USER",
    ]
