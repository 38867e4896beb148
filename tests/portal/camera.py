"""Reads the picture of a key as a camera's program does (ISO/IEC 18004), from the points of a screen.

Without the correction of errors: a screen has none, so that one wrong square is a wrong text or none.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any, Final

from PIL import Image

Grid = list[list[bool]]

_QUIET: Final = 4
"""Squares of margin that the standard asks for."""
_BORDER: Final = 8
_FORMAT_MASK: Final = 0x5412
# By the two bits of the level of correction: codewords for it in each block, and how many blocks, versions 1 to 10.
_CORRECTION: Final = {
    1: ((7, 10, 15, 20, 26, 18, 20, 24, 30, 18), (1, 1, 1, 1, 1, 2, 2, 2, 2, 4)),
    0: ((10, 16, 26, 18, 24, 16, 18, 22, 22, 26), (1, 1, 1, 2, 2, 4, 4, 4, 5, 5)),
    3: ((13, 22, 18, 26, 18, 24, 18, 22, 20, 24), (1, 1, 2, 2, 4, 4, 6, 6, 8, 8)),
    2: ((17, 28, 22, 16, 22, 28, 26, 26, 24, 28), (1, 1, 2, 4, 4, 4, 5, 6, 8, 8)),
}
_MASKS: Final[tuple[Callable[[int, int], int], ...]] = (
    lambda x, y: (x + y) % 2,
    lambda _, y: y % 2,
    lambda x, _: x % 3,
    lambda x, y: (x + y) % 3,
    lambda x, y: (x // 3 + y // 2) % 2,
    lambda x, y: x * y % 2 + x * y % 3,
    lambda x, y: (x * y % 2 + x * y % 3) % 2,
    lambda x, y: ((x + y) % 2 + x * y % 3) % 2,
)
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def text_of(png: bytes) -> str:
    """What the picture says; fails where it is none, or a camera would find too little margin or contrast."""
    grid = _grid(Image.open(io.BytesIO(png)).convert("L"))
    version = (len(grid) - 17) // 4
    return _text(_bytes(grid, version), is_small=version < 10)


def _grid(picture: Image.Image) -> Grid:
    # Of a picture in grey it is the least and the most.
    ends: Any = picture.getextrema()
    dark, light = int(ends[0]), int(ends[1])
    assert light - dark > 200, "too little contrast"
    middle = (light + dark) // 2
    points = picture.point(lambda value: 255 if value < middle else 0)
    # The border around the margin, and what shows beside its round corners, are no part of it.
    inner = points.crop((_BORDER, _BORDER, picture.width - _BORDER, picture.height - _BORDER))
    box = inner.getbbox()
    assert box is not None
    left, top, right, bottom = (one + _BORDER for one in box)
    # A finder's side is seven squares: the first run of dark points in its first row.
    run = next(x for x in range(left, right) if not points.getpixel((x, top + 1))) - left
    size = 17 + 4 * round(((right - left) / run * 7 - 17) / 4)
    square = (right - left) / size
    assert abs((bottom - top) - (right - left)) <= 1
    assert min(left, top, picture.width - right, picture.height - bottom) > (_QUIET - 0.6) * square, "too little margin"
    at = [int((place + 0.5) * square) for place in range(size)]
    return [[bool(points.getpixel((left + x, top + y))) for x in at] for y in at]


def _bytes(grid: Grid, version: int) -> bytes:
    size = len(grid)
    places = [(8, y) for y in (0, 1, 2, 3, 4, 5, 7, 8)] + [(x, 8) for x in (7, 5, 4, 3, 2, 1, 0)]
    bits = sum(grid[y][x] << place for place, (x, y) in enumerate(places)) ^ _FORMAT_MASK
    mask = _MASKS[bits >> 10 & 7]
    read = [grid[y][x] ^ (not mask(x, y)) for x, y in _way(size, _taken(version))]
    words = [sum(bit << 7 - place for place, bit in enumerate(read[at : at + 8])) for at in range(0, len(read) - 7, 8)]
    ahead, blocks = (table[version - 1] for table in _CORRECTION[bits >> 13])
    data = len(words) - ahead * blocks
    short, longer = data // blocks, data % blocks
    sizes = [short] * (blocks - longer) + [short + 1] * longer
    found: list[list[int]] = [[] for _ in sizes]
    rest = iter(words)
    for row in range(short + 1):
        for block, most in zip(found, sizes, strict=True):
            if row < most:
                block.append(next(rest))
    return bytes(word for block in found for word in block)


def _taken(version: int) -> set[tuple[int, int]]:
    """Squares that are no data: corners with the format beside them, the two dotted lines, the small squares."""
    size = 17 + 4 * version
    taken = {(x, y) for x in range(9) for y in range(9)}
    taken |= {(x, y) for x in range(size - 8, size) for y in range(9)}
    taken |= {(x, y) for x in range(9) for y in range(size - 8, size)}
    taken |= {(6, one) for one in range(size)} | {(one, 6) for one in range(size)}
    if version >= 7:
        taken |= {(size - 11 + a, b) for a in range(3) for b in range(6)}
        taken |= {(b, size - 11 + a) for a in range(3) for b in range(6)}
    if version >= 2:
        count = version // 7 + 2
        step = (version * 8 + count * 3 + 5) // (count * 4 - 4) * 2
        centres = [6, *sorted(size - 7 - one * step for one in range(count - 1))]
        corners = {(6, 6), (6, size - 7), (size - 7, 6)}
        for x, y in ((x, y) for x in centres for y in centres if (x, y) not in corners):
            taken |= {(x + a, y + b) for a in range(-2, 3) for b in range(-2, 3)}
    return taken


def _way(size: int, taken: set[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The data's squares, two columns at a time from the right, up and down."""
    is_up = True
    for right in [*range(size - 1, 6, -2), *range(5, 0, -2)]:
        for y in range(size - 1, -1, -1) if is_up else range(size):
            yield from ((x, y) for x in (right, right - 1) if (x, y) not in taken)
        is_up = not is_up


def _text(data: bytes, *, is_small: bool) -> str:
    """`is_small`: of versions 1 to 9, which count in fewer bits."""
    bits = "".join(f"{byte:08b}" for byte in data)
    at, text = 0, ""

    def take(count: int) -> int:
        nonlocal at
        at += count
        return int(bits[at - count : at], 2)

    while at + 4 <= len(bits) and (mode := take(4)):
        if mode == 7:
            assert take(8) == 26, "UTF-8 and no other"
        elif mode == 4:
            text += bytes(take(8) for _ in range(take(8 if is_small else 16))).decode()
        elif mode == 2:
            count = take(9 if is_small else 11)
            for _ in range(count // 2):
                pair = take(11)
                text += _LETTERS[pair // 45] + _LETTERS[pair % 45]
            text += _LETTERS[take(6)] if count % 2 else ""
        elif mode == 1:
            count = take(10 if is_small else 12)
            for width in [3] * (count // 3) + [count % 3] * (count % 3 > 0):
                text += f"{take((0, 4, 7, 10)[width]):0{width}d}"
        else:
            raise AssertionError(f"mode {mode}")
    return text
