"""References inside one document (`$ref`), followed one by one and never expanded."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote

from services.protocols import errors

HOPS: Final = 16


def follow(document: Any, node: Any) -> Any:
    """`node`, or what its `$ref` leads to in the end.

    Raises:
        Refusal: `configuration`: it leads nowhere, in a circle, or out of the document.
    """
    for _ in range(HOPS):
        reference = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(reference, str):
            return node
        node = at(document, reference)
    raise errors.configuration(
        "Unusable document", f"a reference of the document leads on more than {HOPS} times", sent=True
    )


def at(document: Any, reference: str) -> Any:
    """What `reference`, a JSON pointer behind `#`, points to. Raises as `follow`."""
    if reference != "#" and not reference.startswith("#/"):
        detail = f"the reference {reference[:100]!r} leads out of the document; bundle it into one"
        raise errors.configuration("Unusable document", detail, sent=True)
    found = document
    for part in unquote(reference[2:]).split("/") if reference != "#" else []:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            raise errors.configuration("Unusable document", f"{reference[:100]!r} is not in the document", sent=True)
    return found
