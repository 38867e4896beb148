"""XML → JSON, as `xml_writing` has it. Nothing is declared, expanded or loaded by what came."""

from __future__ import annotations

import io
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from services.connectors.declared.forms.xml_writing import TEXT
from services.connectors.sdk.errors import Away, Misread

LARGEST: Final = 4 * 1024 * 1024
MOST_ELEMENTS: Final = 50_000
DEEPEST: Final = 48
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"


def read(body: bytes, namespaces: Mapping[str, str], lists: AbstractSet[str]) -> dict[str, Any]:
    """The document as `{ root: … }`; an element without attributes and elements is its text, `xsi:nil` is null.

    A name in a namespace of `namespaces` has its prefix, one in another is written `{uri}name`. What is in `lists` is a
    list, however many there are.

    Raises:
        Away: it is no XML, or a proxy's page, or cut; the outcome is unknown and the call is repeated.
        Misread: it declares a document type, or is too large.
    """
    if len(body) > LARGEST:
        raise Misread(f"its answer has more than {LARGEST} bytes of XML")
    handler = _Handler({uri: prefix for prefix, uri in namespaces.items()}, lists)
    parser = DefusedExpatParser(forbid_dtd=True, namespaceHandling=1)
    parser.setContentHandler(handler)
    try:
        parser.parse(io.BytesIO(body))
    except DefusedXmlException:
        raise Misread("its answer declares a document type or entities, which nothing here reads") from None
    except (SAXException, ValueError, LookupError) as error:
        raise Away("its answer is not XML") from error
    # XHTML, or HTML that happens to be well-formed: a proxy's page, which says nothing of what was done.
    if any(name.rpartition("}")[2].casefold() == "html" for name in handler.found):
        raise Away("its answer is a page of HTML")
    return handler.found


class _Handler(ContentHandler):
    def __init__(self, prefixes: Mapping[str, str], lists: AbstractSet[str]) -> None:
        super().__init__()
        self.found: dict[str, Any] = {}
        self._prefixes = prefixes
        self._lists = lists
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []
        self._count = 0

    def startElementNS(self, name: tuple[str | None, str], qname: str | None, attrs: Any) -> None:  # noqa: N802 (SAX)
        del qname
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._open) >= DEEPEST:
            raise Misread(f"its answer has more than {MOST_ELEMENTS} elements, or more than {DEEPEST} in each other")
        members = {f"@{self._named(one)}": text for one, text in attrs.items()}
        if members and attrs.get((XSI, "nil")) in {"true", "1"}:
            members = {TEXT: None}
        self._open.append((self._named(name), members, []))

    def characters(self, content: str) -> None:
        if self._open:
            self._open[-1][2].append(content)

    def endElementNS(self, name: tuple[str | None, str], qname: str | None) -> None:  # noqa: N802 (SAX)
        del name, qname
        written, members, texts = self._open.pop()
        value = _value(members, "".join(texts))
        into = self._open[-1][1] if self._open else self.found
        if written not in into:
            into[written] = [value] if written in self._lists else value
        elif isinstance(into[written], list):
            into[written].append(value)
        else:
            into[written] = [into[written], value]

    def _named(self, name: tuple[str | None, str]) -> str:
        uri, local = name
        if not uri:
            return local
        prefix = self._prefixes.get(uri)
        if prefix is None:
            return f"{{{uri}}}{local}"
        return f"{prefix}:{local}" if prefix else local


def _value(members: dict[str, Any], text: str) -> Any:
    if not members:
        return text
    if members == {TEXT: None}:
        return None
    return {**members, TEXT: text} if text.strip() else members
