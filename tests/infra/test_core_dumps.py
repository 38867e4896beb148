from __future__ import annotations

import resource
import subprocess
import sys


def test_S_73_a_process_of_ours_and_what_it_starts_write_no_core_files() -> None:
    child = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    ours = f"from infra import core_dumps; core_dumps.forbid(); import subprocess, sys; {child}"
    ours += f"; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    before = resource.getrlimit(resource.RLIMIT_CORE)
    done = subprocess.run([sys.executable, "-c", ours], capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split("\n")) == ["", "(0, 0)", "(0, 0)"]
    assert resource.getrlimit(resource.RLIMIT_CORE) == before
