"""The simulated warehouse that looks into its folders at each full hour, and at no other time."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from services.connectors.simulators.documents import shown
from services.connectors.simulators.faults import FILES, Chance, Faults
from services.connectors.simulators.file_warehouse import forms
from services.connectors.simulators.file_warehouse.outgoing import Outgoing
from services.connectors.simulators.sftp_server import FileServer
from services.connectors.simulators.simulated import Simulated
from template_library.values import gs1

USER: Final = "warehouse"
_HOUR: Final = timedelta(hours=1)
_MOST_HOURS: Final = 48
"""Of which what happened is reckoned one by one."""


class FileWarehouse(Simulated):
    """Its token is the password. Hours are of its own time; what they brought is there when somebody looks."""

    failures = FILES

    def __init__(self, data: Path, token: str | None, stands: datetime | None = None) -> None:
        super().__init__(data, token, stands)
        self.root = data.with_name(f"{data.name}.files")
        for folder in ("in/taken", "in/rejected", "out/done"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        self._outgoing = Outgoing(self.root / "out", self.kept)
        self.files = FileServer(self.root, USER, token or "", data.with_name(f"{data.name}.key"))
        self.files.before = self.settle
        if self.kept.get("hour", "last") is None:
            self._note(self._full(self.now()))

    async def open(self) -> dict[str, str]:
        await self.files.listen()
        return {"files": self.files.url, "host_key": self.files.host_key, "user": USER}

    def close(self) -> None:
        self.files.shut()
        super().close()

    def passed(self, seconds: float) -> None:
        super().passed(seconds)
        self.settle()

    def failing(self, faults: Faults) -> None:
        """Those of who comes in, of what they write, and of what is left for them."""
        self.files.chance = Chance(faults)

    def state(self, *, with_keys: bool) -> dict[str, Any]:
        self.settle()
        found = super().state(with_keys=with_keys)
        return {**found, "stock": {one["id"]: one["onHand"] for one in self.kept.all("item")}}

    def settle(self) -> None:
        """Every full hour that has come since the last."""
        now = self._full(self.now())
        last = datetime.fromisoformat(self._last())
        hour = max(last + _HOUR, now - _MOST_HOURS * _HOUR)
        while hour <= now:
            with self.kept.whole():
                self._outgoing.settle(hour)
                self._confirm(hour)
                self._take()
                self._count(hour)
                self._note(hour)
            hour += _HOUR
        self._outgoing.settle(self.now())

    def _take(self) -> None:
        """Each file of an order, with the name by which it is finished; what cannot be read is put aside."""
        for file in sorted((self.root / "in").glob("[!.]*.txt")):
            try:
                lines = forms.orders(file.read_bytes().decode(forms.ENCODING))
            except (forms.Rejected, UnicodeDecodeError):
                file.rename(self.root / "in" / "rejected" / file.name)
                continue
            number = lines[0]["order"]
            is_known = self.kept.get("order", number) is not None
            made = {"id": number, "lines": lines, "status": "TAKEN", "file": file.name}
            # It knows an order by its number: one that comes again is refused, line by line.
            self.kept.put("again" if is_known else "order", file.name if is_known else number, made)
            file.rename(self.root / "in" / "taken" / file.name)

    def _confirm(self, hour: datetime) -> None:
        """What was taken an hour ago is shipped, as far as it is there."""
        rows: list[dict[str, Any]] = []
        for kind in ("order", "again"):
            for order in [one for one in self.kept.all(kind) if one["status"] == "TAKEN"]:
                rows += self._shipped(order, is_new=kind == "order")
                self.kept.put(kind, order["id"] if kind == "order" else order["file"], {**order, "status": "SHIPPED"})
        if rows:
            name = f"CONF-{hour.strftime(forms.CONFIRMED)}.txt"
            self._leave(name, forms.confirmations(rows, hour), hour)

    def _shipped(self, order: dict[str, Any], *, is_new: bool) -> list[dict[str, Any]]:
        number = self.kept.count("shipment") + 1
        shipment, digits = f"W9-{number}", f"{number:011d}"
        found = []
        for line in order["lines"]:
            item, ordered = self.kept.get("item", line["sku"]), int(line["qty"])
            is_good = is_new and item is not None and ordered > 0
            shipped = min(ordered, item["onHand"]) if is_good and item is not None else 0
            if item is not None and shipped:
                self.kept.put("item", item["id"], {**item, "onHand": item["onHand"] - shipped})
            status = "REJ" if not is_good else "SHP" if shipped == ordered else "SHT"
            row = {"order": order["id"], "line": line["line"], "sku": line["sku"], "ordered": ordered}
            row |= {"shipped": shipped, "status": status, "shipment": shipment if is_good else ""}
            found.append({**row, "tracking": f"{digits}{gs1.check_digit(digits)}" if is_good else ""})
        if any(one["shipped"] for one in found):
            self.kept.put("shipment", shipment, {"id": shipment, "order": order["id"]})
        return found

    def _count(self, hour: datetime) -> None:
        """One shelf each hour, in turn; of every fifth count something is missing."""
        items = self.kept.all("item")
        number = int(hour.timestamp()) // int(_HOUR.total_seconds())
        item = items[number % len(items)]
        counted = {**item, "counted": item["onHand"] - 1 if number % 5 == 0 and item["onHand"] else item["onHand"]}
        self._leave(f"COUNT-{hour:%Y%m%d-%H%M}.csv", forms.counts([counted]), hour)

    def _leave(self, name: str, text: str, hour: datetime) -> None:
        self._outgoing.leave(name, text, hour, self.files.chance)

    def _last(self) -> str:
        found: str = self.kept.have("hour", "last")["at"]
        return found

    def _note(self, hour: datetime) -> None:
        self.kept.put("hour", "last", {"id": "last", "at": shown(hour)})

    @staticmethod
    def _full(moment: datetime) -> datetime:
        return moment.replace(minute=0, second=0, microsecond=0)
