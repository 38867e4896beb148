"""Whose log a command of `waybill audit` is about."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from services.cli.options import Terminal, api_options, fail


def of_log(function: Callable[..., Any]) -> Callable[..., Any]:
    """Whose log: a client's, unless the partner's or the operator's own is named; a command gets its path as `at`."""

    @click.option("--operator", is_flag=True, help="The operator's own log, with a key of the operator.")
    @click.option("--partner", is_flag=True, help="The partner's own log, with a key of the partner.")
    @api_options
    @functools.wraps(function)
    def wrapped(terminal: Terminal, /, *, partner: bool, operator: bool, **rest: Any) -> Any:
        if partner + operator + bool(terminal.account.tenant) > 1:
            raise click.UsageError("Name one log: --client, --partner or --operator.")
        if not (partner or operator):
            return function(terminal, at="/audit", **rest)
        wanted = "partner" if partner else "operator"
        held = terminal.run(lambda api: api.get("/me"))["scope"]
        if held != wanted:
            fail(f"this is a key of the {held}; the log of the {wanted} is read with one of its own")
        return function(terminal, at="/organization/audit", **rest)

    return wrapped
