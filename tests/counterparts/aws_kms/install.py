"""Moto, which answers as AWS KMS and as S3 do, beside the product: 100 MB, some seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.counterparts.packages import Beside

MOTO: Final = Beside("moto", Path(__file__).with_name("requirements.txt"), "tests.counterparts.aws_kms.install")

if __name__ == "__main__":
    MOTO.run()
