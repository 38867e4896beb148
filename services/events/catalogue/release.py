"""Releases the schemas of `types.yaml` as they are now: `python -m services.events.catalogue.release`.

What was released stays. A schema that changed becomes the next version; one that would break anybody is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import msgspec

from services.events.catalogue.compatibility import breaks
from services.events.catalogue.registry import RELEASED, released_schemas, types

Schemas = Mapping[str, Mapping[str, Mapping[str, Any]]]


class Refused(ValueError):
    """A schema would break who sends or reads by the one before; each line names a type and where in it."""


def following(released: Schemas, present: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """`released`, and a next version of each schema of `present` that is another one now.

    Raises:
        Refused: a type is gone, or its schema is incompatible.
    """
    result: dict[str, dict[str, Any]] = {name: dict(versions) for name, versions in released.items()}
    refused = [f"{name}: is gone" for name in released if name not in present]
    for name, schema in present.items():
        versions = result.setdefault(name, {})
        last = max(map(int, versions), default=0)
        if last and versions[str(last)] == schema:
            continue
        if last:
            refused += [f"{name}: {one.pointer or '/'} {one.detail}" for one in breaks(versions[str(last)], schema)]
        versions[str(last + 1)] = dict(schema)
    if refused:
        raise Refused("\n".join(refused))
    return result


def main() -> int:
    present = {name: one.schema for name, one in types().items()}
    try:
        after = following(released_schemas(), present)
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    RELEASED.write_text(written(after))
    return 0


def written(schemas: Schemas) -> str:
    """The file of released schemas, a line for each type."""
    lines = [f'"{name}": {msgspec.json.encode(schemas[name], order="sorted").decode()}' for name in sorted(schemas)]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main())
