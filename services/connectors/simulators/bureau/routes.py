"""What the simulated credit bureau answers: XML, for a subscriber's user and password (HTTP Basic).

POST /inquiries      <Inquiry id="KEY"><Duns/><TaxId/><Name/><Country/></Inquiry>: a report, which costs; the same id
                     gets the same report and costs nothing more
GET  /reports/{id}   one that was made
"""

from __future__ import annotations

from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec
from defusedxml.ElementTree import ParseError, fromstring

from services.connectors.simulators.answers import Refused
from services.connectors.simulators.documents import shown
from services.connectors.simulators.http import Answered, Asked
from services.connectors.simulators.simulated import Incoming, Simulated, route
from services.connectors.simulators.tokens import is_pair

_XML: Final = "application/xml"


class Bureau(Simulated):
    """`charged` of its state: how many reports were paid for."""

    def refusal(self, asked: Asked, path: str) -> Answered | None:
        del path
        return None if is_pair(asked, self.token) else self.expire()

    def expire(self) -> Answered:
        return self.refused(Refused(401, "ACCESS", "User or password do not hold"))

    def refused(self, refused: Refused) -> Answered:
        error = Element("Error", code=str(refused.problem["title"]))
        error.text = str(refused)
        return _xml(refused.status, error)

    def drifted(self, answered: Answered) -> Answered:
        return msgspec.structs.replace(answered, body=b"<ReportV2>" + answered.body + b"</ReportV2>")

    def state(self, *, with_keys: bool) -> dict[str, Any]:
        return {**super().state(with_keys=with_keys), "charged": self.kept.count("report")}

    @route("POST", "/inquiries")
    def inquire(self, asked: Incoming) -> Answered:
        try:
            inquiry = fromstring(asked.raw)
        except ParseError as error:
            raise Refused(400, "SYNTAX", f"It is no XML: {error}") from error
        wanted = {name: (inquiry.findtext(name) or "").strip() for name in ("Duns", "TaxId", "Name", "Country")}
        report, _ = self.kept.once(inquiry.get("id", ""), wanted, lambda: self._made(wanted))
        return _xml(200, self._shown(report))

    @route("GET", "/reports/{}")
    def report(self, asked: Incoming) -> Answered:
        return _xml(200, self._shown(self.kept.have("report", asked.parts[0])))

    def _made(self, wanted: dict[str, str]) -> dict[str, Any]:
        found = [one for one in self.kept.all("business") if _fits(one, wanted)]
        name = f"R-{self.kept.count('report') + 1}"
        report = {"id": name, "at": shown(self.now()), "found": [one["id"] for one in found]}
        self.kept.put("report", name, report)
        return report

    def _shown(self, report: dict[str, Any]) -> Element:
        found = [self.kept.have("business", one) for one in report["found"]]
        shown_report = Element("Report", id=report["id"], found=str(len(found) == 1).lower())
        SubElement(shown_report, "AsOf").text = report["at"]
        for one in found:
            business = SubElement(shown_report, "Business", duns=one["id"], country=one["country"])
            SubElement(business, "Name").text = one["name"]
        if len(found) == 1:
            self._judged(shown_report, found[0])
        return shown_report

    def _judged(self, report: Element, business: dict[str, Any]) -> None:
        if business["score"] is not None:
            SubElement(report, "Score", least="1", most="100").text = str(business["score"])
        if business["limit"] is not None:
            SubElement(report, "Limit", currency=business["currency"]).text = business["limit"]
        if business["beyond"] is not None:
            SubElement(report, "DaysBeyondTerms").text = str(business["beyond"])
        for code, text in business["negatives"]:
            SubElement(report, "Negative", code=code).text = text


def _fits(business: dict[str, Any], wanted: dict[str, str]) -> bool:
    """By the number that is given; by name, and country where that is given, only where none is."""
    if wanted["Duns"] or wanted["TaxId"]:
        return bool(business["id"] == wanted["Duns"] or business["taxId"] == wanted["TaxId"])
    is_there = wanted["Country"] in {"", business["country"]}
    return bool(is_there and business["name"].casefold() == wanted["Name"].casefold())


def _xml(status: int, element: Element) -> Answered:
    return Answered(status, tostring(element), media_type=_XML)
