"""What the API says to who may not decide has its words in each language of the portal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import services.human_tasks
import services.portal
import tenants.authority

WORDS: Final = Path(services.portal.__file__).parent / "web" / "src" / "texts" / "es-refusals.ts"
SAYS: Final = (
    Path(tenants.authority.__file__).parent / "judging.py",
    Path(services.human_tasks.__file__).parent / "approvals.py",
    Path(services.human_tasks.__file__).parent / "batches.py",
    Path(services.human_tasks.__file__).parent / "deciding.py",
)
_SENTENCE: Final = re.compile(
    r'(?:why = |_no\("\w+", f?|^    (?:"\w+"|MATRIX): |return |if isinstance.*else )f?"([A-Z][^"]+)"', re.MULTILINE
)


def test_each_sentence_of_who_may_not_decide_is_in_spanish() -> None:
    words = WORDS.read_text()
    known = [re.compile(one) for one in re.findall(r"/(\^[^/]+\$)/", words)]
    said = [one for file in SAYS for one in _SENTENCE.findall(file.read_text())]
    assert len(said) >= 12, said
    assert [one for one in said if not any(pattern.match(one) for pattern in known)] == []
