"""S-101: an SVG that passes can be looked at and nothing else."""

from __future__ import annotations

import pytest

from tenants.organizations.errors import InvalidField
from tenants.organizations.logo import LARGEST, checked_logo

OPEN = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'


def svg(inside: str) -> str:
    return f"{OPEN}{inside}</svg>"


@pytest.mark.parametrize(
    "inside",
    [
        '<path d="M0 0h9v9z" fill="#0b6e8a"/>',
        '<defs><radialGradient id="g"/></defs><rect fill="url(#g)" style="stroke: none; fill-rule: evenodd"/>',
        "<title>A &amp; B</title><g transform='rotate(3)'><circle r='2'/><text x='1' y='2'>Ä</text></g>",
        "<!-- drawn by hand -->",
    ],
)
def test_a_drawing_passes(inside: str) -> None:
    shown = checked_logo(f'<?xml version="1.0" encoding="UTF-8"?>\n{svg(inside)}')
    assert shown.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert checked_logo(shown) == shown
    assert "<!--" not in shown


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<script href="//evil.example/x.js"/>',
        '<rect onload="alert(1)"/>',
        '<rect ONCLICK="alert(1)"/>',
        "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml' onload='x()'/></foreignObject>",
        '<use href="#x"/>',
        '<use xlink:href="https://evil.example/a.svg#x"/>',
        '<image href="https://evil.example/track.png"/>',
        '<a href="javascript:alert(1)"><rect/></a>',
        "<style>@import url(https://evil.example/a.css)</style>",
        '<rect style="fill: url(https://evil.example/a)"/>',
        '<rect style="fill: u\\72l(//evil.example/a)"/>',
        "<rect fill=\"url( '//evil.example/a' )\"/>",
        '<rect fill="url(data:image/svg+xml,x)"/>',
        '<animate attributeName="href" to="javascript:alert(1)"/>',
        '<set attributeName="onload" to="alert(1)"/>',
        '<rect style="width: expression(alert(1))"/>',
        "<iframe/>",
        '<html:script xmlns:html="http://www.w3.org/1999/xhtml">alert(1)</html:script>',
        "<?xml-stylesheet href='//evil.example/a.css'?>",
        "<g>" * 40 + "</g>" * 40,
        "<g/>" * 2001,
        "<path d='" + "M0 0" * 20_000 + "'/>",
    ],
)
def test_S_101_what_could_run_load_or_lead_somewhere_is_refused(inside: str) -> None:
    with pytest.raises(InvalidField):
        checked_logo(svg(inside))


@pytest.mark.parametrize("grows", [">", "\u00e4>"])
def test_S_101_what_is_too_large_when_written_anew_is_refused(grows: str) -> None:
    assert len(svg(f"<text>{grows * 20_000}</text>").encode()) <= LARGEST
    with pytest.raises(InvalidField, match="64 KiB"):
        checked_logo(svg(f"<text>{grows * 20_000}</text>"))
    shown = checked_logo(svg(f"<text>{grows * 5_000}</text>"))
    assert len(shown.encode()) <= LARGEST


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "<html><svg/></html>",
        "<svg>without a namespace</svg>",
        "\x89PNG\r\n",
        f'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>{svg("&b;")}',
        f'<!doctype svg SYSTEM "file:///etc/passwd">{svg("")}',
        svg("\ud800"),
        f"{OPEN}<rect>",
    ],
)
def test_S_101_what_is_no_svg_is_refused(text: str) -> None:
    with pytest.raises(InvalidField):
        checked_logo(text)
