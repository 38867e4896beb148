"""Dramatiq's own command line, with log lines like those of every process: `python -m services.worker.fleet WORDS`.

Words are those of `dramatiq`. Its parent process would write lines of another form, since it loads none of our modules.
"""

from __future__ import annotations

import sys

from dramatiq.cli import main, make_argument_parser

from infra import settings
from infra.logs import configure


def run(words: list[str]) -> int:
    """The exit code, when all processes have ended."""
    configure(settings.load().log_level)
    # What a hangup starts again.
    sys.argv = [sys.executable, "-m", "services.worker.fleet", *words]
    code: int = main(make_argument_parser().parse_args(["--skip-logging", *words]))  # type: ignore[no-untyped-call]
    return code


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
