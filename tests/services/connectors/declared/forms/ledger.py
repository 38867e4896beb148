"""A system that speaks SOAP: it reads envelopes with the standard library's parser, and answers with namespaces."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from services.connectors.simulators.http import Answered, Asked

OURS = "urn:example:ledger"
PARTY = "urn:example:party"
ENVELOPE = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}


class Ledger:
    """`entries`: what was posted, as (key, account, texts). `fails`: the fault of the next call."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.entries: list[tuple[str, str, list[str]]] = []
        self.fails: tuple[str, str] | None = None

    def __call__(self, asked: Asked) -> Answered:
        action = asked.headers.get("soapaction") or asked.headers["content-type"].partition("action=")[2]
        assert action == f'"{OURS}#Post"'
        root = ET.fromstring(asked.body)  # noqa: S314 (our own client's)
        soap = ENVELOPE[self.version]
        assert root.tag == f"{{{soap}}}Envelope"
        body = root.find(f"{{{soap}}}Body")
        assert body is not None
        if self.fails is not None:
            return self._fault(*self.fails)
        (post,) = body
        assert post.tag == f"{{{OURS}}}Post"
        lines = [one.findtext(f"{{{OURS}}}Text", "") for one in post.findall(f"{{{OURS}}}Line")]
        self.entries.append((post.attrib["key"], post.findtext(f"{{{PARTY}}}Account", ""), lines))
        texts = "".join(f"<a:Line><a:Text>{_escaped(one)}</a:Text></a:Line>" for one in lines)
        return self._answer(
            f'<a:PostResponse xmlns:a="{OURS}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
            f'<a:Number scheme="gl">{len(self.entries)}</a:Number><a:Note i:nil="true"/>{texts}'
            f'<b:Extra xmlns:b="urn:other">x</b:Extra></a:PostResponse>'
        )

    def _answer(self, inside: str, status: int = 200) -> Answered:
        text = f'<s:Envelope xmlns:s="{ENVELOPE[self.version]}"><s:Body>{inside}</s:Body></s:Envelope>'
        return Answered(status, text.encode(), media_type="text/xml; charset=utf-8")

    def _fault(self, code: str, detail: str) -> Answered:
        inner = f'<x:{detail} xmlns:x="{OURS}"><x:Limit>10</x:Limit></x:{detail}>' if detail else ""
        if self.version == "1.1":
            told = f"<faultcode>s:{code}</faultcode><faultstring>No: {code}</faultstring><detail>{inner}</detail>"
            return self._answer(f"<s:Fault>{told}</s:Fault>", 500)
        value, _, sub = code.partition(".")
        subcode = f"<s:Subcode><s:Value>x:{sub}</s:Value></s:Subcode>" if sub else ""
        reason = f'<s:Reason><s:Text xml:lang="en">No: {code}</s:Text></s:Reason>'
        told = f"<s:Code><s:Value>s:{value}</s:Value>{subcode}</s:Code>{reason}<s:Detail>{inner}</s:Detail>"
        return self._answer(f"<s:Fault>{told}</s:Fault>", 500 if value == "Receiver" else 400)


def _escaped(text: Any) -> str:
    return str(text).replace("&", "&amp;").replace("<", "&lt;")
