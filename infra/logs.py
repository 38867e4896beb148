"""Log lines as JSON on standard error, one object a line: no field breaks out of it or floods the log (S-83)."""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec

from infra import ids, redaction
from infra.telemetry import subject, trace

SERVER: Final = Path(__file__).with_suffix(".json")
"""The same for the HTTP server's own lines: what `granian --log-config` takes."""
FIELD_BYTES: Final = 4096
_REDACTED: Final = "[redacted]"
_SECRET_NAMES: Final = ("authorization", "cookie", "token", "secret", "password", "api_key", "apikey", "credential")
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_QUOTED: Final = re.compile(
    r"(DETAIL:  |for query argument \$\d+: |invalid input (?:syntax|value) for [^:\n]{1,200}: |malformed \w+ literal: "
    r"|value out of range: |value (?=\")|Error(?:'>)?: (?=\")).*",
    re.DOTALL,
)
"""Behind this the database and its driver quote a value, which may be a client's (S-79), of any number of lines."""
_ENCODER: Final = msgspec.json.Encoder(enc_hook=repr)


class JsonFormatter(logging.Formatter):
    """`{"at", "level", "logger", "message", …}`; what was given as `extra=` follows under its own names.

    Where they are known, `tenant`, `run`, `trace` and `span` are added: whom the work is for and where its spans are.

    A field whose name speaks of a secret is masked, whatever it holds, and by value all that the task holds (S-73); a
    text is cut at 4 KiB.
    """

    def format(self, record: logging.LogRecord) -> str:
        hider = redaction.here()
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _bounded(hider.text(record.getMessage())),
        }
        for name, value in vars(record).items():
            if name not in _OWN:
                line[name] = _REDACTED if _speaks_of_secret(name) else _bounded(hider.value(value))
        for name, text in _whereabouts().items():
            if line.get(name) is None:
                line[name] = text
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _bounded(_tail(record.exc_info[1], hider))
        text = hider.text(_ENCODER.encode(line).decode())
        # Some readers break lines at U+2028, and a terminal obeys bidirectional marks: what is not ASCII is escaped.
        return text if text.isascii() else json.dumps(json.loads(text))


def _whereabouts() -> dict[str, str]:
    about, place = subject(), trace.current().context
    found = {}
    if about.tenant is not None:
        found["tenant"] = ids.show("ten", about.tenant)
    if about.run is not None:
        found["run"] = ids.show("run", about.run)
    if place is not None:
        found |= {"trace": f"{place.trace_id:032x}", "span": f"{place.span_id:016x}"}
    return found


def _speaks_of_secret(name: str) -> bool:
    lower = name.lower().replace("-", "_")
    return any(part in lower for part in _SECRET_NAMES)


def _tail(error: BaseException, hider: redaction.Hider) -> str:
    # The end of a traceback says where it broke; locals are never printed, since they may hold a secret (S-73).
    return hider.text("\n".join(_QUOTED.sub(r"\1…", one) for one in _told(error)))[-FIELD_BYTES:]


def _told(error: BaseException) -> list[str]:
    """It and what led to it, the first one first, each by itself: no value can pretend to be the next one.

    A group is one text, with all that is in it; what stands in there behind a value is left out.
    """
    found: list[str] = []
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        is_group = isinstance(now, BaseExceptionGroup)
        found.append("".join(traceback.format_exception(now, chain=is_group)))
        before = None if now.__suppress_context__ else now.__context__
        now = None if is_group else before if now.__cause__ is None else now.__cause__
    return found[::-1]


def _bounded(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {
            str(name)[:200]: _REDACTED if _speaks_of_secret(str(name)) else _bounded(member)
            for name, member in list(value.items())[:50]
        }
    text = value if isinstance(value, str) else str(value)
    if len(text) <= FIELD_BYTES // 4:
        return text if text.isascii() else _without_surrogates(text)
    raw = text[:FIELD_BYTES].encode("utf-8", "replace")
    return raw.decode() if len(raw) <= FIELD_BYTES and len(text) <= FIELD_BYTES else _shortened(raw)


def _without_surrogates(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _shortened(raw: bytes) -> str:
    return raw[: FIELD_BYTES - 3].decode("utf-8", "ignore") + "…"


def configure(level: str, stream: TextIO | None = None) -> None:
    """Make JSON lines of everything that is logged at `level` (debug info warning error) or above. Safe to repeat."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
