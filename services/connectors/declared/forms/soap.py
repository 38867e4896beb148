"""XML over HTTP: plain, or in an envelope of SOAP 1.1 or 1.2, whose faults are errors whatever their status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.egress import Response
from services.connectors.declared.forms import xml_reading
from services.connectors.declared.forms.form import Meaning, Trouble, member
from services.connectors.declared.forms.xml_reading import XSI
from services.connectors.declared.forms.xml_writing import TEXT, Writer
from services.connectors.declared.request_parts import Xml
from services.connectors.sdk.errors import Misread

_DECLARED: Final = '<?xml version="1.0" encoding="UTF-8"?>'
_ENVELOPES: Final = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
_SOAP: Final = "soap"
_MEANT: Final[dict[str, Meaning]] = {"Server": "uncertain", "Receiver": "uncertain"}
"""By the class of a fault's code; all others (Client, Sender, …) say that the request was not acted upon."""


class PlainXml:
    def __init__(self, part: Xml) -> None:
        self._part = part
        self._namespaces = {**part.namespaces, "xsi": XSI}
        self._writer = Writer(self._namespaces)

    def headers(self, *, has_body: bool) -> Mapping[str, str]:
        accepted = {"Accept": "application/xml, text/xml"}
        return {**accepted, "Content-Type": "application/xml; charset=utf-8"} if has_body else accepted

    def encode(self, body: Any) -> bytes:
        return f"{_DECLARED}{self._writer.root(body)}".encode()

    def decode(self, response: Response) -> Any:
        if not response.body:
            return None
        return xml_reading.read(response.body, self._namespaces, frozenset(self._part.lists))

    def trouble(self, body: Any) -> Trouble | None:
        """None: only a status tells."""
        del body
        return None

    def unwrapped(self, body: Any) -> Any:
        """All of it, with its root."""
        return body


class Soap(PlainXml):
    def __init__(self, part: Xml) -> None:
        super().__init__(part)
        self._version = part.soap or "1.1"
        self._namespaces[_SOAP] = _ENVELOPES[self._version]
        self._writer = Writer(self._namespaces)

    def headers(self, *, has_body: bool) -> Mapping[str, str]:
        del has_body
        if self._version == "1.1":
            kind = {"Accept": "text/xml", "Content-Type": "text/xml; charset=utf-8"}
            return {**kind, "SOAPAction": f'"{self._part.action}"'}
        action = f'; action="{self._part.action}"' if self._part.action else ""
        return {"Accept": "application/soap+xml", "Content-Type": f"application/soap+xml; charset=utf-8{action}"}

    def encode(self, body: Any) -> bytes:
        """The envelope. `body` has `body`, and may have `header`."""
        header = self._writer.elements(body["header"]) if body.get("header") else ""
        inside = self._writer.elements(body["body"])
        header = f"<soap:Header>{header}</soap:Header>" if header else ""
        envelope = f"<soap:Envelope{self._writer.declarations}>{header}<soap:Body>{inside}</soap:Body></soap:Envelope>"
        return f"{_DECLARED}{envelope}".encode()

    def trouble(self, body: Any) -> Trouble | None:
        """The fault, with its codes, their last parts, and the names of its details (1.1, 4.4; 1.2, 5.4)."""
        fault = member(body, "soap:Envelope", "soap:Body", "soap:Fault")
        if not isinstance(fault, dict):
            return None
        if self._version == "1.1":
            given, words, detail = [_text(fault.get("faultcode"))], fault.get("faultstring"), fault.get("detail")
        else:
            given = list(_codes(fault.get("soap:Code")))
            words, detail = member(fault, "soap:Reason", "soap:Text"), fault.get("soap:Detail")
            words = words[0] if isinstance(words, list) and words else words
        local = [code.rpartition(":")[2] for code in given]
        kinds = {code.partition(".")[0] for code in local[:1]}
        names = [name for name in (detail if isinstance(detail, dict) else {}) if name[:1] not in {"@", "#"}]
        codes = frozenset([*local, *names, *(name.rpartition(":")[2] for name in names)]) - {""}
        means: Meaning = next((_MEANT[kind] for kind in kinds if kind in _MEANT), "refuse")
        return Trouble(means, codes, _text(words))

    def unwrapped(self, body: Any) -> Any:
        """What is in the body of the envelope."""
        envelope = member(body, "soap:Envelope")
        if not isinstance(envelope, dict) or "soap:Body" not in envelope:
            raise Misread(f"its answer is no envelope of SOAP {self._version}", body)
        return envelope["soap:Body"]


def _codes(part: Any) -> Iterator[str]:
    while isinstance(part, dict):
        yield _text(part.get("soap:Value"))
        part = part.get("soap:Subcode")


def _text(given: Any) -> str:
    found = given.get(TEXT) if isinstance(given, dict) else given
    return found.strip() if isinstance(found, str) else ""
