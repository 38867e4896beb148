"""What a file is, is read off its bytes (S-101); what it is called leads nowhere (S-18)."""

from __future__ import annotations

import io
import zipfile
from email.message import Message
from urllib.parse import unquote

import pytest
from PIL import Image

from services.documents.kinds import HEAD, kind_of
from services.documents.names import checked, disposition
from tenants.organizations.errors import InvalidField


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, kind)
    return out.getvalue()[:HEAD]


def office(first: str = "[Content_Types].xml") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(first, "<Types/>")
        made.writestr("xl/workbook.xml", "<workbook/>")
    return out.getvalue()[:HEAD]


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"%PDF-1.7\n...", "pod.pdf", "application/pdf"),
        (b"%PDF-1.7\n...", "pod.exe", "application/pdf"),
        (picture("PNG"), "a", "image/png"),
        (picture("JPEG"), "a", "image/jpeg"),
        (picture("GIF"), "a", "image/gif"),
        (picture("TIFF"), "a", "image/tiff"),
        (picture("WEBP"), "a", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", "a.webp", None),
        (b"ISA*00*          *00*", "850.edi", "text/plain"),
        (b"a,b\n1,2\n", "lines.csv", "text/csv"),
        (b"", "empty.txt", "text/plain"),
        (b'{"a": 1}', "a.json", "application/json"),
        (b"<?xml version='1.0'?><Order/>", "order.xml", "application/xml"),
        ("Größe: 5 µm".encode(), "a.txt", "text/plain"),
        (("x" + "ä" * HEAD).encode()[:HEAD], "cut.txt", "text/plain"),
        (office(), "a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (office(), "a.xlsm", None),
        (office(), "a.zip", None),
        (office("evil.exe"), "a.xlsx", None),
        (b"MZ\x90\x00", "invoice.pdf", None),
        (b"\x7fELF", "a.txt", None),
        (b"<html><script>alert(1)</script>", "a.txt", None),
        (b"  <!DOCTYPE html>", "a.txt", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", None),
        (b"<?xml version='1.0'?><svg:svg/>", "a.xml", None),
        (b"<?xml version='1.0'?><?xml-stylesheet href='x'?>", "a.xml", None),
        (b"\xff\xfe<\x00h\x00t\x00m\x00l\x00", "a.txt", None),
        (b"<?php echo 1;", "a.txt", None),
        (b"caf\xe9 au lait, latin-1", "a.txt", None),
        (b"\x00\x01\x02", "a.bin", None),
    ],
)
def test_S_101_the_bytes_decide_and_neither_name_nor_type(head: bytes, name: str, kind: str | None) -> None:
    assert kind_of(head, name) == kind


def saved_as(name: str) -> tuple[str, str]:
    """What an old reader and a newer one make of the header."""
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    message = Message()
    message["Content-Disposition"] = header
    plain = header.partition('filename="')[2].partition('"')[0]
    return plain, unquote(header.partition("filename*=UTF-8''")[2])


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\..\\boot.ini", "/etc/shadow", "C:\\CON", "%2e%2e%2fx", ".."])
def test_S_18_a_name_leads_nowhere_on_the_machine_that_saves_it(name: str) -> None:
    for shown in saved_as(checked(name)):
        assert not set(shown) & set('/\\:*?"<>|')
        assert shown.strip(" .")
        assert not shown.startswith("..")


@pytest.mark.parametrize("name", ["CON", "con.pdf", "NUL", "LPT1.txt", "aux"])
def test_S_18_a_device_of_anybodys_is_no_name(name: str) -> None:
    assert saved_as(checked(name)) == (f"_{name}", f"_{name}")


def test_S_18_a_name_in_any_script_is_kept() -> None:
    assert saved_as("Lieferschein Größe.pdf") == ("Lieferschein Groe.pdf", "Lieferschein Größe.pdf")
    assert saved_as("納品書.pdf") == ("document.pdf", "納品書.pdf")
    assert saved_as('quote".pdf') == ("quote_.pdf", "quote_.pdf")


@pytest.mark.parametrize(
    "name", ["", "   ", "a\x00b", "a\r\nb", "invoice\u202egnp.exe", "a\u2066b", "x" * 256, "ä" * 128, "\ud800"]
)
def test_S_18_S_83_a_name_that_could_lie_is_refused(name: str) -> None:
    with pytest.raises(InvalidField):
        checked(name)
