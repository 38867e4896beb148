from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tenants.identity import tokens


def test_a_token_finds_its_row_and_shows_nothing() -> None:
    made = tokens.make()
    assert re.fullmatch(tokens.FORM, made.text)
    assert tokens.key_id_of(made.text) == made.key_id
    assert made.digest == tokens.digest(made.text)
    assert made.text[30:] not in repr(made)


def test_no_two_tokens_share_a_secret() -> None:
    assert len({tokens.make().text[30:] for _ in range(500)}) == 500


@given(st.text(max_size=100))
def test_another_text_is_no_token(text: str) -> None:
    assert tokens.key_id_of(text) is None


def test_a_token_has_one_spelling() -> None:
    text = tokens.make().text
    wrong = (text.upper(), text + "a", text[:-1], " " + text, text + "\n", text[:-1] + "1", text.replace("pk_", "sk_"))
    assert [tokens.key_id_of(one) for one in wrong] == [None] * len(wrong)
