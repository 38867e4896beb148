"""Operations over XML and SOAP: what goes out is what was meant, what comes back is bounded and declares nothing."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from services.connectors.declared.forms.xml_reading import DEEPEST, LARGEST, MOST_ELEMENTS
from services.connectors.simulators.http import Answered, Asked
from services.engine.functions import Done, Failed, Later, Unknown
from tests.services.connectors.declared.conftest import Meet
from tests.services.connectors.declared.forms.ledger import OURS, PARTY, Ledger
from tests.services.connectors.declared.other import manifest, operation

BODY = {
    "Post": {
        "@key": "${ $key }",
        "p:Account": "${ .account }",
        "Line": '${ [.texts[] | { "Text": . }] }',
        "Note": "${ .note }",
    }
}
RULES = [
    {"code": "Locked", "class": "retry"},
    {"code": "CreditExceeded", "class": "refuse", "message": '${ "over by " + (.["soap:Envelope"] | tostring)[:0] }'},
    {"code": "FailedAuthentication", "class": "reconnect"},
]


def _document(version: str = "1.1", **parts: Any) -> dict[str, Any]:
    xml = {
        "soap": version,
        "action": f"{OURS}#Post",
        "namespaces": {"": OURS, "p": PARTY},
        "lists": ["Line"],
        "header": {"p:Trace": "${ $fresh }"},
        "body": BODY,
        **parts,
    }
    part = operation(effect="once-or-ask", request={"path": "ledger", "xml": xml}, answer="${ .PostResponse }")
    return manifest(errors=RULES, operations={"thing.read": part})


GIVEN = {"account": "A & <B>", "texts": ['"one"'], "note": None}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
async def test_an_envelope_goes_out_and_its_answer_comes_back_as_json(meet: Meet, version: str) -> None:
    ledger = Ledger(version)
    other, desk = await meet(_document(version), ledger)
    answer = await desk.call(values=GIVEN, key="k-1")
    assert ledger.entries == [("k-1", "A & <B>", ['"one"'])]
    expected = {"Number": {"@scheme": "gl", "#text": "1"}, "Note": None, "Line": [{"Text": '"one"'}]}
    assert answer == Done(output={**expected, "{urn:other}Extra": "x"})
    assert other.last.method == "POST"
    assert b"<Note" not in other.last.body, "null is no element"


@pytest.mark.parametrize(
    ("version", "code", "detail", "outcome", "words"),
    [
        ("1.1", "Client", "", "refused", "It refused: No: Client"),
        ("1.1", "Client", "Locked", "waits", "No: Client"),
        ("1.1", "Server", "", "unknown", "outcome is unknown"),
        ("1.1", "Server", "CreditExceeded", "refused", "It refused: No: Server"),
        ("1.1", "Client.FailedAuthentication", "", "refused", "look at the secret `token`"),
        ("1.2", "Sender", "", "refused", "It refused: No: Sender"),
        ("1.2", "Sender.Locked", "", "waits", "No: Sender.Locked"),
        ("1.2", "Receiver", "", "unknown", "outcome is unknown"),
    ],
)
async def test_faults_are_of_the_four_classes_by_their_codes_and_details(
    meet: Meet, version: str, code: str, detail: str, outcome: str, words: str
) -> None:
    ledger = Ledger(version)
    ledger.fails = (code, detail)
    rules = [*RULES[:1], {**RULES[1], "message": "${ .nothing }"}, {**RULES[2], "code": "Client.FailedAuthentication"}]
    _, desk = await meet({**_document(version), "errors": rules}, ledger)
    answer = await desk.call(values=GIVEN)
    kinds: dict[str, Any] = {"refused": Failed, "waits": Later, "unknown": Unknown}
    assert isinstance(answer, kinds[outcome]), answer
    assert words in answer.error.detail


async def test_plain_xml_is_written_and_read_without_an_envelope(meet: Meet) -> None:
    def answer(asked: Asked) -> Answered:
        root = ET.fromstring(asked.body)  # noqa: S314 (our own client's)
        assert root.tag == f"{{{PARTY}}}order"
        found.update(root.attrib, line=root.findtext("line"))
        text = f"<?xml version='1.0' encoding='iso-8859-1'?><r:done xmlns:r='{PARTY}' at='\xfc'> \xe9 </r:done>"
        return Answered(201, text.encode("latin-1"))

    xml = {"namespaces": {"p": PARTY}, "body": {"p:order": {"@at": "${ .at }", "line": "${ .line }"}}}
    request = {"method": "PUT", "path": "orders/1", "xml": xml}
    part = operation(effect="once-or-ask", request=request, answer='${ .["p:done"] }')
    found: dict[str, Any] = {}
    other, desk = await meet(manifest(operations={"thing.read": part}), answer)
    given = {"at": "\"<&'>\r\n\t.", "line": "Grüße ]]> <!-- --> \U0001f69a\r\n"}
    assert await desk.call(values=given) == Done(output={"@at": "ü", "#text": " é "})
    assert found == given, "to the last sign"
    assert (other.last.method, other.last.headers["content-type"]) == ("PUT", "application/xml; charset=utf-8")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"account": "a\x00b"}, "a character that XML has not"),
        ({"account": "\ufffe"}, "a character that XML has not"),
        ({"account": {"evil><x": "1"}}, "is no name of an element"),
        ({"account": {"q:x": "1"}}, "is none of `namespaces`"),
        ({"account": {"xmlns": "urn:x"}}, "is no name of an element"),
        ({"account": {"@a b": "1"}}, "is no name of an element"),
        ({"account": [["x"]]}, "a list is no element"),
    ],
)
async def test_S_39_what_is_no_xml_does_not_go_out(meet: Meet, given: dict[str, Any], words: str) -> None:
    other, desk = await meet(_document(), Ledger("1.1"))
    answer = await desk.call(values={**GIVEN, **given})
    assert isinstance(answer, Failed)
    assert (answer.sent, other.asked) == (False, [])
    assert words in answer.error.detail


async def test_S_39_what_is_given_stays_a_text(meet: Meet) -> None:
    ledger = Ledger("1.1")
    _, desk = await meet(_document(), ledger)
    evil = "</p:Account><Line><Text>free</Text></Line><![CDATA[ &amp; <!ENTITY x SYSTEM 'file:///etc/passwd'>"
    assert isinstance(await desk.call(values={**GIVEN, "account": evil, "texts": []}), Done)
    assert ledger.entries == [("key-of-the-call", evil, [])]


ENTITIES = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
HOSTILE = {
    "a bomb of entities": f"<!DOCTYPE r [<!ENTITY a0 'ha'>{ENTITIES}]><r>&a9;</r>",
    "an outer entity": "<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><r>&x;</r>",
    "an outer document type": "<!DOCTYPE r SYSTEM 'http://127.0.0.1:9/x.dtd'><r/>",
    "a parameter entity": "<!DOCTYPE r [<!ENTITY % x SYSTEM 'http://127.0.0.1:9/x'> %x;]><r/>",
    "a depth": "<r>" * (DEEPEST + 1) + "</r>" * (DEEPEST + 1),
    "a crowd": "<r>" + "<a/>" * MOST_ELEMENTS + "</r>",
    "a size": f"<r>{'x' * LARGEST}</r>",
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_S_39_a_hostile_answer_is_neither_expanded_nor_read(meet: Meet, kind: str) -> None:
    _, desk = await meet(_document(), Answered(200, HOSTILE[kind].encode(), media_type="text/xml"))
    answer = await desk.call(values=GIVEN)
    assert isinstance(answer, Unknown), "it may have been done"
    words = "declares a document type" if "DOCTYPE" in HOSTILE[kind] else "its answer has more than"
    assert words in answer.error.detail
    assert "root:" not in repr(answer)


@pytest.mark.parametrize(
    "text", ["<html>", "{}", "<r></s>", "<?xml version='1.0' encoding='x-none'?><r/>", "<r>&a;</r>"]
)
async def test_what_is_no_xml_is_no_answer(meet: Meet, text: str) -> None:
    document = _document()
    document["operations"]["thing.read"]["effect"] = "read"
    _, desk = await meet(document, Answered(200, text.encode(), media_type="text/xml"))
    answer = await desk.call(values=GIVEN)
    assert isinstance(answer, Later | Failed)
    assert "its answer is not XML" in answer.error.detail


async def test_xml_without_an_envelope_is_told(meet: Meet) -> None:
    _, desk = await meet(_document("1.2"), Answered(200, b"<r/>"))
    answer = await desk.call(values=GIVEN)
    assert isinstance(answer, Unknown)
    assert "no envelope of SOAP 1.2" in answer.error.detail
