"""Texts of a package's mails to customers (`mails/NAME.yaml`): subject and text by language, with tokens alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_TOKEN: Final = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_VALUE: Final = re.compile(r"values\.([A-Za-z][A-Za-z0-9_]{0,63})")
_LANGUAGE: Final = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
_PARTS: Final = ("subject", "text")
BRAND: Final = "brand"


def mistakes(name: str, mail: Any) -> Iterator[str]:
    """What is wrong with one, in words."""
    if (
        not isinstance(mail, Mapping)
        or set(mail) != set(_PARTS)
        or not all(isinstance(mail[one], Mapping) for one in _PARTS)
    ):
        yield f"the mail {name} has `subject` and `text`, each by language"
        return
    if not mail["subject"] or mail["subject"].keys() != mail["text"].keys():
        yield f"the mail {name} has its subject and its text in the same languages"
    for language in mail["subject"].keys() | mail["text"].keys():
        if not _LANGUAGE.fullmatch(str(language)):
            yield f"the mail {name} has the language {str(language)[:20]!r}, which is none such as en or pt-BR"
    for text in (each for part in _PARTS for each in mail[part].values()):
        if not isinstance(text, str) or not text.strip():
            yield f"the mail {name} has a text that is empty"
            continue
        for token in _TOKEN.findall(text):
            if token != BRAND and not _VALUE.fullmatch(token):
                yield f"the mail {name} has the token {token[:40]!r}; there are brand and values.NAME"


def values_of(mail: Mapping[str, Any]) -> set[str]:
    """Names of the values that it shows."""
    texts = [text for part in _PARTS for text in mail[part].values()]
    return {found[1] for text in texts for token in _TOKEN.findall(text) if (found := _VALUE.fullmatch(token))}


def missing(mail: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """Those that are shown and not given."""
    return sorted(name for name in values_of(mail) if given.get(name) is None)
