"""Which writes a decision of the matrix of authority is about: by its words, which the matrix has too (ADR 0119)."""

from __future__ import annotations

import re
from typing import Any, Final

from template_library.policies.capabilities import DOMAINS

_WORDS: Final = re.compile(r"[._-]")
_ALSO: Final = {"customer.credit": frozenset({"terms"}), "dispute.settle": frozenset({"posting"})}
"""Of decisions in the packages of the library, what their words do not say."""


def covered(decision: str) -> frozenset[str]:
    """Domains that whoever takes the decision has authority for: those that it names, as `price.release` does.

    A document cannot say more than that, since whoever writes it also writes what would have to be approved. What
    nobody has declared is covered by none.
    """
    return DOMAINS.intersection(_WORDS.split(decision)) | _ALSO.get(decision, frozenset())


def approving(outcomes: Any, refusals: Any) -> frozenset[str]:
    """Outcomes of a human task that approve: those that are no refusals, where it says which are.

    Of one that names none nobody can tell, so that none of them does. Anything but lists of texts approves nothing.
    """
    if not isinstance(outcomes, list) or not isinstance(refusals, list) or not refusals:
        return frozenset()
    return frozenset(one for one in outcomes if isinstance(one, str) and one not in refusals)
