"""Arize Phoenix, a backend for traces, beside the product: 625 MB, some seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.counterparts.packages import Beside

PHOENIX: Final = Beside("phoenix", Path(__file__).with_name("requirements.txt"), "tests.counterparts.telemetry.install")

if __name__ == "__main__":
    PHOENIX.run()
