"""Real mail servers, one that takes mail (aiosmtpd) and one that keeps it (pymap), beside the product: some seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.counterparts.packages import Beside

MAIL: Final = Beside("mail", Path(__file__).with_name("requirements.txt"), "tests.counterparts.mail.install")

if __name__ == "__main__":
    MAIL.run()
