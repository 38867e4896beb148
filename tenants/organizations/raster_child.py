"""The process that reads pictures: bytes in, a PNG out, nothing else within reach (S-101).

Started as `python -I raster_child.py` with an empty environment and two pipes. A decoder of pictures is a large program
in C that reads what strangers send: it lives here, for one picture, and may die. What comes out was drawn anew from
its points alone, so that no comment, profile or second file that hid in the first comes along.
"""

from __future__ import annotations

import io
import resource
import sys
import warnings
from typing import Final

from PIL import Image

FORMATS: Final = ("PNG", "JPEG", "WEBP")
MEMORY_BYTES: Final = 512 * 1024 * 1024
CPU_SECONDS: Final = 5
MOST_PIXELS: Final = 4096 * 4096
SIDES: Final = (512, 384, 256, 192, 128)
"""Longest sides in pixels, tried until the PNG is small enough."""
LARGEST: Final = 44 * 1024

REFUSED: Final = 3
"""Exit code for what is no picture, or too large a one."""


def confine() -> None:
    """After what this needs is loaded: no more files, no processes, so much memory and time."""
    for limit, amount in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(limit, (amount, amount))


def redrawn(content: bytes) -> bytes | None:
    """A PNG of the picture's points, width and height at most 512; None for what is none."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS or min(picture.size) < 1:
                return None
            points = picture.convert("RGBA")
    except Exception:  # noqa: BLE001 (whatever a decoder says of it, it is no picture)
        return None
    for side in SIDES:
        smaller = points.copy()
        smaller.thumbnail((side, side))
        clean = Image.new("RGBA", smaller.size)
        clean.paste(smaller)
        out = io.BytesIO()
        clean.save(out, "PNG", optimize=True)
        if out.tell() <= LARGEST:
            return out.getvalue()
    return None


def main() -> int:
    # Pillow warns of pictures that may be bombs; here that is a refusal.
    warnings.simplefilter("error")
    Image.init()
    confine()
    drawn = redrawn(sys.stdin.buffer.read())
    if drawn is None:
        return REFUSED
    sys.stdout.buffer.write(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
