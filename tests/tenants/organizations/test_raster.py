"""S-101: a picture of points is drawn anew, in a process that may die, and nothing that hid in it comes along."""

from __future__ import annotations

import asyncio
import base64
import io
import re
import struct
import zlib

from PIL import Image, PngImagePlugin

from infra.problems import Unavailable
from tenants.organizations.errors import InvalidField
from tenants.organizations.logo import LARGEST as STORED
from tenants.organizations.raster import LARGEST, Drawings, drawing_of

_HELD = re.compile(
    r'<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="[0-9 ]+" width="\d+" height="\d+"><image width="\d+" '
    r'height="\d+" href="data:image/png;base64,([A-Za-z0-9+/=]+)"/></svg>'
)


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#0b7285").save(out, kind, **more)
    return out.getvalue()


def held(drawing: str) -> bytes:
    match = _HELD.fullmatch(drawing)
    assert match is not None, drawing[:200]
    return base64.b64decode(match[1])


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))

    head = struct.pack("!IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


async def test_S_101_a_picture_becomes_points_and_nothing_else() -> None:
    kinds = ("PNG", "JPEG", "WEBP")
    for drawing in await asyncio.gather(*(drawing_of(picture(kind)) for kind in kinds)):
        drawn = Image.open(io.BytesIO(held(drawing)), formats=("PNG",))
        assert drawn.size == (40, 20)
        red, green, blue, _ = drawn.convert("RGBA").getpixel((5, 5))  # type: ignore[misc]  # of four bands
        assert abs(red - 0x0B) + abs(green - 0x72) + abs(blue - 0x85) < 12


async def test_S_101_what_hides_in_a_picture_stays_behind() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "<script>alert(1)</script>")
    hidden = picture("PNG", pnginfo=notes) + b"<script>alert(2)</script>PK\x03\x04"
    drawn = held(await drawing_of(hidden))
    assert b"script" not in drawn
    assert b"PK" not in drawn
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    assert b"secret" not in held(await drawing_of(picture("JPEG", exif=exif)))


async def test_S_101_a_large_picture_is_made_small_enough_to_be_stored() -> None:
    noise = Image.effect_noise((800, 800), 90)
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=60)
    drawing = await drawing_of(out.getvalue())
    assert len(drawing) <= STORED
    assert max(Image.open(io.BytesIO(held(drawing))).size) <= 512


NO_PICTURES = (
    b"",
    b"<svg onload='x'/>",
    b"\x89PNG\r\n\x1a\n",
    picture()[:60],
    picture("GIF"),
    picture("ICO", (16, 16)),
    bomb(30_000, 30_000),
    bomb(2_000_000_000, 2_000_000_000),
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(%pipe%id) (w) file",
    b"x" * (LARGEST + 1),
)


async def test_S_101_what_is_no_such_picture_is_refused() -> None:
    outcomes = await asyncio.gather(*map(drawing_of, NO_PICTURES), return_exceptions=True)
    assert [one for one in outcomes if not isinstance(one, InvalidField)] == []


async def test_S_101_a_crowd_of_pictures_is_turned_away_and_the_others_are_drawn() -> None:
    drawings = Drawings(at_once=1, most_waiting=2)
    found = await asyncio.gather(*(drawings(picture("PNG")) for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(one, Unavailable) for one in found) == 3
    assert sum(isinstance(one, str) for one in found) == 3
    assert held(await drawings(picture("PNG")))
