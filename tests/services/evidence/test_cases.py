"""Which paper a document is, by its name."""

from __future__ import annotations

from services.evidence import cases
from template_library.evidence import Needed


def test_a_documents_name_tells_which_paper_it_is_by_whole_words() -> None:
    required = {
        "pod": Needed(title="x", names=["pod", "proof-of-delivery"]),
        "bol": Needed(title="x", names=["bol"]),
    }
    told = {
        "POD_1.pdf": "pod",
        "tripod.pdf": "",
        "proof of delivery 7.jpg": "pod",
        "delivery.jpg": "",
        "bol.pdf": "bol",
    }
    assert {name: cases.named(required, name) for name in told} == told
