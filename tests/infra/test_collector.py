from __future__ import annotations

import subprocess
import sys

import pytest

LEAVING = """
import os
{first}
class Tied:
    def __init__(self): self.me = self
    def __del__(self): os.write(1, b"looked for")
Tied()
"""


@pytest.mark.parametrize(
    ("first", "said"), [("", b"looked for"), ("from infra import collector; collector.leave_at_the_end()", b"")]
)
def test_a_process_that_leaves_looks_for_no_cycles(first: str, said: bytes) -> None:
    ended = subprocess.run([sys.executable, "-c", LEAVING.format(first=first)], capture_output=True, check=True)
    assert ended.stdout == said
