"""What Tryton's answers become, without a Tryton."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest

from services.connectors.builtin.tryton import reads
from services.connectors.builtin.tryton.session import Rpc
from services.connectors.sdk.errors import Refusal


class Answering:
    """An Rpc that knows one answer."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def model(self, *_: Any) -> Any:
        return self._answer


def party(**more: Any) -> Rpc:
    known = {"code": "ACME-001", "name": "Acme", "credit_limit_amount": Decimal(10), "credit_amount": Decimal(4)}
    return cast("Rpc", Answering([{**known, **more}]))


@pytest.mark.parametrize("answer", [{}, {"currency.": None}, {"currency.": {}}, {"currency.": {"code": ""}}])
async def test_a_company_without_currency_is_refused_and_none_is_invented(answer: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="currency") as refused:
        await reads.credit({"customer": "ACME-001"}, party(**answer))
    assert refused.value.name == "configuration"


async def test_credit_is_in_the_companys_currency() -> None:
    found = await reads.credit({"customer": "ACME-001"}, party(**{"currency.": {"code": "JPY"}}))
    assert found["available"] == {"amount": 6, "currency": "JPY"}
