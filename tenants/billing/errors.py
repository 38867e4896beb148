from __future__ import annotations

from infra.problems import BadRequest


class BadPeriod(BadRequest):
    """The period is empty, turned round or longer than 366 days. The caller asks for less."""

    name = "bad-period"
    title = "The period cannot be read"
