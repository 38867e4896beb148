"""A pack is one PDF with every document as it was, and the same of the same."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import msgspec

from services.evidence import pdf
from services.evidence.pdf import CASE, MANIFEST, Cover, Part

COVER = Cover(
    brand="North Portal",
    accent="#0b7285",
    support="help@north.example",
    case="D-1042",
    about_kind="invoice",
    about_key="INV-7",
    reason="damage",
    opened="2026-03-04 10:00 UTC",
    required={"pod": "Proof of delivery", "photo": "A photo", "bol": "Bill of lading"},
)
TRAP = b"%PDF-1.4\nendstream endobj\r\n<< /JavaScript >>\x00\xff" + bytes(range(256)) * 20


def part(name: str = "pod 10482.pdf", content: bytes = TRAP, paper: str = "pod") -> Part:
    return Part(
        paper=paper,
        name=name,
        media_type="application/pdf",
        id="doc_01h455vb4pex5vsknk084sn02q",
        added="2026-03-05 09:00 UTC",
        by="outside:lnk_01h455vb4pex5vsknk084sn02q",
        content=content,
    )


PARTS = [part(), part("../../Фото évi)dence\\(.JPG", b"\xff\xd8\xff picture", "photo")]


def attached(made: bytes) -> dict[str, bytes]:
    """What is attached, read by the file's own table of objects and no library of ours."""
    start = int(re.findall(rb"startxref\s+(\d+)\s+%%EOF", made)[-1])
    count = int(re.match(rb"xref\s+0 (\d+)\s", made[start:])[1])  # type: ignore[index]
    offsets = re.findall(rb"(\d{10}) \d{5} n", made[start:])
    assert len(offsets) == count - 1
    found = {}
    for spec in re.finditer(rb"/EF <<\s+/F (\d+) 0 R\s+>> /F \(([^)]+)\) /Type /Filespec", made):
        body = made[int(offsets[int(spec[1]) - 1]) :]
        length = int(re.search(rb"/Length (\d+)", body)[1])  # type: ignore[index]
        begin = body.index(b"stream\n", body.index(b"/Length")) + len(b"stream\n")
        found[spec[2].decode()] = body[begin : begin + length]
    return found


def test_each_document_comes_out_again_as_it_was_and_the_manifest_says_so() -> None:
    made = pdf.make(COVER, PARTS)
    files = attached(made.content)
    assert list(files) == sorted(files)
    assert set(files) == {"01-pod-pod-10482.pdf", "02-photo-evi-dence.jpg", CASE, MANIFEST}
    assert files["01-pod-pod-10482.pdf"] == TRAP
    lines = files[MANIFEST].decode().splitlines()
    told = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    assert told == {name: hashlib.sha256(one).hexdigest() for name, one in files.items() if name != MANIFEST}
    case: Any = msgspec.json.decode(files[CASE])
    assert [one["name"] for one in case["documents"]] == ["pod 10482.pdf", PARTS[1].name]
    assert (case["missing"], case["by"]) == (["bol"], "North Portal")
    assert made.digest == hashlib.sha256(made.content).digest()


def test_the_same_input_gives_the_same_bytes_and_another_one_others() -> None:
    once = pdf.make(COVER, PARTS)
    assert pdf.make(COVER, PARTS) == once
    assert pdf.make(COVER, PARTS[:1]).digest != once.digest
    assert b"reportlab" in once.content.lower(), "its maker's mark; and nobody else's"
    assert not re.search(rb"waybill", once.content, re.IGNORECASE)


def test_S_101_no_name_leads_anywhere_and_nothing_of_a_document_is_the_packs_own() -> None:
    hostile = [
        part(")>> /OpenAction << /S /JavaScript (x) >> (.pdf", b"x", ""),
        part("a\u202egpj.exe", b"y", ""),
        part("....", b"z", ""),
    ]
    made = pdf.make(msgspec.structs.replace(COVER, case="x) >> /AA (", brand="N) Tj ET ("), hostile).content
    names = set(attached(made)) - {CASE, MANIFEST}
    assert all(re.fullmatch(r"[0-9]{2}-other-[A-Za-z0-9._-]+", one) for one in names), names
    catalog = re.search(rb"<<[^<]*/Type /Catalog", made)
    assert b"/OpenAction" not in (catalog[0] if catalog else b"/OpenAction")
    # Outside of strings, whose brackets are escaped or in pairs, and of what is attached.
    plain = re.sub(rb"stream\n.*?endstream", b"", made, flags=re.DOTALL)
    for _ in range(5):
        plain = re.sub(rb"\((?:\\.|[^\\()])*\)", b"", plain)
    assert not re.search(rb"/(OpenAction|AA|JavaScript) ", plain)


def test_a_long_list_goes_on_over_pages_and_a_letter_that_no_font_has_stays_a_mark() -> None:
    made = pdf.make(COVER, [part(f"pod {number}.pdf", b"%d" % number) for number in range(50)])
    assert made.content.count(b"/Type /Page\n") + made.content.count(b"/Type /Page ") > 4
    assert pdf.shown("Zürich 漢\n") == "Zürich ? "
