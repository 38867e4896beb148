"""Logos: SVG that can be looked at and nothing else (S-101). What passes is written anew, so nothing else is served."""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as ET

from tenants.organizations.errors import InvalidField

LARGEST: Final = 64 * 1024
MOST_ELEMENTS: Final = 2_000
DEEPEST: Final = 32
_SVG: Final = "{http://www.w3.org/2000/svg}"
_ELEMENTS: Final = frozenset(
    {"svg", "g", "defs", "title", "desc", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text"}
    | {"tspan", "linearGradient", "radialGradient", "stop", "clipPath", "mask"}
)
_ATTRIBUTES: Final = frozenset(
    {"id", "class", "version", "viewBox", "preserveAspectRatio", "width", "height", "x", "y", "x1", "y1", "x2", "y2"}
    | {"cx", "cy", "r", "rx", "ry", "fx", "fy", "d", "points", "dx", "dy", "transform", "offset", "role", "style"}
    | {"fill", "fill-opacity", "fill-rule", "clip-path", "clip-rule", "clipPathUnits", "mask", "maskUnits", "opacity"}
    | {"stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-dasharray"}
    | {"stroke-dashoffset", "stroke-opacity", "stop-color", "stop-opacity", "gradientUnits", "gradientTransform"}
    | {"spreadMethod", "font-family", "font-size", "font-weight", "font-style", "text-anchor", "letter-spacing"}
    | {"dominant-baseline", "color", "display", "visibility", "paint-order", "shape-rendering", "aria-label"}
)
# `url(#gradient)` names a part of the picture itself; every other address would be fetched.
_OWN_PART: Final = re.compile(r"url\(\s*#[\w.-]+\s*\)")
_REACHES_OUT: Final = re.compile(r"url\s*\(|://|//|javascript:|data:|expression|@|\\|<|&|/\*", re.IGNORECASE)

ET.register_namespace("", _SVG[1:-1])


def checked_logo(text: str) -> str:
    """`text` as it will be served.

    Raises:
        InvalidField: no SVG, too large, or with an element or attribute that could run, load or lead anywhere.
    """
    if len(text.encode("utf-8", "replace")) > LARGEST:
        raise _refused(f"A logo has at most {LARGEST // 1024} KiB")
    body = re.sub(r"^\ufeff?\s*<\?xml[^>]{0,200}\?>", "", text)
    if "<!DOCTYPE" in body.upper() or "<!ENTITY" in body.upper() or "<?" in body:
        raise _refused("A logo has no declarations and no processing instructions")
    try:
        root = ET.fromstring(body)  # noqa: S314 (no declaration, so no entity to expand or load)
    except (ET.ParseError, ValueError):
        raise _refused("This is no SVG") from None
    if root.tag != f"{_SVG}svg":
        raise _refused("This is no SVG")
    if sum(1 for _ in root.iter()) > MOST_ELEMENTS:
        raise _refused(f"A logo has at most {MOST_ELEMENTS} elements")
    _check(root, 1)
    written = ET.tostring(root, encoding="unicode")
    # Written anew it may have grown: `>` becomes `&gt;`.
    if len(written.encode()) > LARGEST:
        raise _refused(f"A logo has at most {LARGEST // 1024} KiB")
    return written


def _check(element: ET.Element, depth: int) -> None:
    name = str(element.tag).removeprefix(_SVG)
    if depth > DEEPEST or name not in _ELEMENTS:
        raise _refused(f"A logo has no element '{name[:40]}'")
    for attribute, value in element.attrib.items():
        if attribute not in _ATTRIBUTES:
            raise _refused(f"A logo has no attribute '{attribute[-40:]}'")
        if _REACHES_OUT.search(_OWN_PART.sub("", value)):
            raise _refused(f"The attribute '{attribute}' may not lead anywhere")
    for child in element:
        _check(child, depth + 1)


def _refused(detail: str) -> InvalidField:
    return InvalidField("/logo", detail)
