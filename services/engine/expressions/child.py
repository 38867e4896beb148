"""The process that runs jq: text in, text out, nothing else within reach (ADR 0003; S-21 to S-29, S-35).

Started as `python -I child.py` with an empty environment and three pipes. jq holds the interpreter lock while it runs,
aborts the process when memory ends and overflows its stack on deep values (measured): it lives here and may die.
A request is a count and that many length-prefixed strings: `e` or `c`, variable names joined by commas, the input text,
programs. Each program is answered at once: a status byte, a length, and text.
"""

from __future__ import annotations

import resource
import signal
import struct
import sys
from typing import Any, BinaryIO, Final

import jq

MEMORY_BYTES: Final = 256 * 1024 * 1024
OUTPUT_BYTES: Final = 4 * 1024 * 1024
CPU_SECONDS: Final = 0.25
CACHED_PROGRAMS: Final = 1000
MESSAGE_CHARACTERS: Final = 400

OK, FAILED, INVALID, TOO_LARGE = 0, 1, 2, 3

_REFUSED: Final = (
    "input", "inputs", "input_line_number", "input_filename", "halt", "halt_error", "get_search_list", "modulemeta",
    "now", "localtime", "get_prog_origin", "get_jq_origin",
)  # fmt: skip
# Publishing refuses these words already; the shadows hold for a program that came another way.
_PRELUDE: Final = (
    "def env: {}; def debug: .; def debug(f): .; def stderr: .; "
    + "".join(f'def {name}: error("{name} may not be used"); ' for name in _REFUSED)
    + 'def halt_error(f): error("halt_error may not be used"); '
    + 'def strflocaltime(f): error("strflocaltime may not be used"); '
)


def _head(names: str) -> str:
    """Binds the variables from the input: given as `args`, jq compiles again for each call, 18 times slower."""
    members = ", ".join(f"{name}: ${name}" for name in names.split(",") if name)
    return f"{_PRELUDE}{f'. as {{v: {{{members}}}}} | ' if members else ''}{{}} as $ENV | .i | "


def _compile(names: str, program: str) -> Any:
    head = _head(names)
    # Alone first: `1) | $ENV | (1` must not close our parenthesis (S-28). The newline ends a trailing comment.
    jq.compile(f"{head}{program}\n")
    return jq.compile(f"{head}[limit(2; ({program}\n))] | tojson")


def _answer(check: bool, names: str, text: str, program: str, cache: dict[tuple[str, str], Any]) -> tuple[int, str]:  # noqa: FBT001
    key = (names, program)
    compiled = cache.get(key)
    if compiled is None:
        try:
            compiled = _compile(names, program)
        except ValueError as error:
            return INVALID, str(error)[:MESSAGE_CHARACTERS]
        if len(cache) >= CACHED_PROGRAMS:
            cache.clear()
        cache[key] = compiled
    if check:
        return OK, "[]"
    try:
        result = compiled.input_text(text).first()
    except ValueError as error:
        return FAILED, str(error)[:MESSAGE_CHARACTERS]
    except StopIteration:
        return FAILED, "the program ended without a result"
    return (OK, result) if len(result) <= OUTPUT_BYTES else (TOO_LARGE, "")


def _read(source: BinaryIO) -> list[str] | None:
    """The strings of the next request; None at the end of input."""
    header = source.read(4)
    if len(header) < 4:  # noqa: PLR2004 - bytes of the count
        return None
    (count,) = struct.unpack("!I", header)
    strings = []
    for _ in range(count):
        (length,) = struct.unpack("!I", source.read(4))
        strings.append(source.read(length).decode())
    return strings


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
        resource.setrlimit(limit, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    # The default action ends the process even inside jq's own loops, where no Python handler would ever run.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def main() -> None:
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    cache: dict[tuple[str, str], Any] = {}
    _confine()
    sink.write(b"r")
    sink.flush()
    while (request := _read(source)) is not None:
        operation, names, text, *programs = request
        for program in programs:
            signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
            status, answer = _answer(operation == "c", names, text, program, cache)
            signal.setitimer(signal.ITIMER_PROF, 0)
            encoded = answer.encode("utf-8", "replace")
            sink.write(struct.pack("!BI", status, len(encoded)) + encoded)
            sink.flush()


if __name__ == "__main__":
    main()
