"""What a database's no means for a person: the words of the statement and the setting that help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from infra.egress.sql import SqlRefused
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away, ErrorName, Refusal
from services.connectors.sdk.redaction import excerpt

_TLS: Final = (
    "No TLS with it: {own}. Have its server offer TLS; look at the setting `tls_authority`, and at `tls`, by which a "
    "connection goes without"
)
_CREDENTIALS: Final = "It does not let the account in{said}. Look at the setting `user` and at the secret `password`"
_DATABASE: Final = "It has no database of this name. Look at the setting `base_url`"
_RIGHT: Final = "{about} was refused{said}. Give the account of the setting `user` {rights}"
_STATEMENT: Final = "{about} cannot be used{said}. Change it, or look whether the setting `base_url` names the database"
_PARAMETER: Final = "{about} was not run: {own}. Declare the parameter by its kind, or cast it there, as $1::numeric"
_WRITES: Final = "{about} writes, and is declared as one that reads. Declare its effect"
_PLAIN: Final = "{about} was refused{said}"
_TOLD: Final[dict[str, tuple[ErrorName, int, str, str]]] = {
    "tls": ("configuration", 495, "There is no TLS", _TLS),
    "credentials": ("authentication", 401, "The credentials are refused", _CREDENTIALS),
    "database": ("configuration", 404, "There is no such database", _DATABASE),
    "right": ("authorization", 403, "A right is missing", _RIGHT),
    "missing": ("configuration", 404, "It is not there", _STATEMENT),
    "statement": ("configuration", 422, "The statement cannot be used", _STATEMENT),
    "parameter": ("configuration", 422, "A parameter does not fit", _PARAMETER),
    "writes": ("configuration", 422, "The statement writes", _WRITES),
    "value": ("validation", 422, "A value does not fit", _PLAIN),
    "conflict": ("communication", 409, "The other system refused", _PLAIN),
    "refused": ("communication", 422, "The other system refused", _PLAIN),
}
_PASSING: Final = {"busy": "it is busy{said}", "slow": "{about} took longer than the setting `timeout_seconds` allows"}


def of(refused: SqlRefused, context: Context, about: str, scopes: Sequence[str]) -> Refusal | Away:
    """What a person reads; of what passes, an Away, of which nothing was done. See `session.opened`."""
    # The database's own words may hold what a row does.
    heard = "" if context.quiet else excerpt(refused.detail, context.secrets.values())
    rights = f"the rights {', '.join(scopes)}" if scopes else "the right to do this"
    given = {"about": about, "said": f": {heard}" if heard else "", "own": refused.detail, "rights": rights}
    if refused.why in _PASSING:
        waits: ErrorName = "timeout" if refused.why == "slow" else "communication"
        return Away(_PASSING[refused.why].format(**given), sent=False, name=waits)
    name, status, title, text = _TOLD[refused.why]
    return Refusal(text.format(**given), name=name, status=status, title=title)
