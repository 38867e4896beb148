"""Metrics for Prometheus, on a port of their own (text format 0.0.4)."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator, Sequence
from typing import Final, Self

from infra.telemetry.metrics import Distribution, Instrument

_log: Final = logging.getLogger(__name__)
PORTS: Final = 32
_REQUEST_SECONDS: Final = 5.0
_MOST_REQUEST: Final = 8192
_UNITS: Final = {"s": "_seconds"}
_ODD: Final = re.compile(r"[^a-zA-Z0-9_]")
_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def render(instruments: Sequence[Instrument], fixed: dict[str, str]) -> str:
    """The whole page; `fixed` labels stand on every series."""
    return "".join(line + "\n" for one in instruments for line in _lines(one, fixed))


def name_of(instrument: Instrument) -> str:
    """As Prometheus writes it: `waybill.run.duration` in `s` is `waybill_run_duration_seconds`."""
    ending = "_total" if instrument.form == "counter" else ""
    return _ODD.sub("_", instrument.name) + _UNITS.get(instrument.unit, "") + ending


def _lines(instrument: Instrument, fixed: dict[str, str]) -> Iterator[str]:
    series = instrument.series()
    if not series:
        return
    name = name_of(instrument)
    yield f"# HELP {name} {instrument.meaning}"
    yield f"# TYPE {name} {instrument.form}"
    for values, found in series:
        labels = fixed | dict(zip(map(_label, instrument.labels), values, strict=True))
        if isinstance(found, Distribution):
            for bound, count in zip([*map(_number, found.bounds), "+Inf"], found.cumulative(), strict=True):
                yield f"{name}_bucket{_braces(labels | {'le': bound})} {count}"
            yield f"{name}_sum{_braces(labels)} {_number(found.total)}"
            yield f"{name}_count{_braces(labels)} {found.count}"
        else:
            yield f"{name}{_braces(labels)} {_number(found)}"


def _label(name: str) -> str:
    return _ODD.sub("_", name)


def _number(value: float) -> str:
    return repr(value) if value % 1 else str(int(value))


def _braces(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class MetricsServer:
    """Answers `GET /metrics`. Opened on the process's event loop; without authentication, hence on loopback."""

    def __init__(self, instruments: Sequence[Instrument], fixed: dict[str, str]) -> None:
        self._instruments = instruments
        self._fixed = fixed
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self, host: str, first_port: int) -> Self:
        """Listen on the first free port of `PORTS` from `first_port` on. None free: logged, and the process goes on."""
        for port in range(first_port, min(first_port + PORTS, 65536)):
            try:
                self._server = await asyncio.start_server(self._answer, host, port, limit=_MOST_REQUEST)
            except OSError:
                continue
            self.port = port
            _log.info("metrics", extra={"host": host, "port": port})
            return self
        _log.error("no port is free for metrics", extra={"host": host, "first": first_port})
        return self

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._page(head))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def _page(self, head: bytes) -> bytes:
        words = head.split(b"\r\n", 1)[0].split(b" ")
        found = words[:2] == [b"GET", b"/metrics"]
        body = render(self._instruments, self._fixed).encode() if found else b""
        status = "200 OK" if found else "404 Not Found"
        headers = f"content-type: {_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n"
        return f"HTTP/1.1 {status}\r\n{headers}\r\n".encode() + body
