from __future__ import annotations

from typing import Any, Final

import click

from services.cli.client import Api
from services.cli.options import Terminal, api_options, previewed

_CATEGORIES: Final = ("failed", "uncertain", "parked", "quarantined", "outage", "dead-letter", "missed", "data")
_SEEN: Final = ("category", "title", "business_key", "value.amount", "value.currency", "cause", "opened_at", "id")
_NAMED: Final = (("deployment", "deployments", "dep"), ("connection", "connections", "con"))


@click.group()
def command() -> None:
    """What does not go on as it should: who looks after it, and what becomes of it."""


def _filter(function: Any) -> Any:
    for option in (
        click.option("--category", type=click.Choice(_CATEGORIES), help="Only of this category."),
        click.option("--connection", help="Only about this connection, by its name or id."),
        click.option("--deployment", help="Only of this deployment, by its name or id."),
        click.option("--template", help="Only of the template of this name."),
        click.option("--cause", help="Only of this cause, such as the type of a fault."),
        click.option("--owner", help="Only of this owner, such as role:credit; `none`: of nobody."),
    ):
        function = option(function)
    return function


async def _given(api: Api, only: dict[str, str | None]) -> dict[str, Any]:
    """The filter, with ids for names."""
    given = {name: text for name, text in only.items() if text is not None}
    for name, kind, prefix in _NAMED:
        if name in given:
            given[name] = await api.reference(kind, prefix, given[name])
    return given


@command.command("list")
@_filter
@click.option("--state", type=click.Choice(("open", "resolved", "discarded")), default="open", show_default=True)
@click.option("--sort", type=click.Choice(("age", "value", "deadline")), default="age", show_default=True)
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@api_options
def list_exceptions(terminal: Terminal, /, *, state: str, sort: str, limit: int, **only: str | None) -> None:
    """The oldest, the most valuable or the most urgent first."""

    async def work(api: Api) -> Any:
        given = await _given(api, only)
        return (await api.get("/exceptions", state=state, sort=sort, limit=limit, **given))["items"]

    columns = (
        "category",
        "kind",
        "title",
        "business_key",
        "value.amount",
        "value.currency",
        "deadline",
        "breach_at",
        "owner",
        "opened_at",
        "id",
    )
    terminal.table(terminal.run(work), *columns)


@command.command()
@click.argument("exception_id", metavar="EXCEPTION_ID")
@api_options
def show(terminal: Terminal, *, exception_id: str) -> None:
    """One exception: its run, cause, value, deadline, owner and what became of it."""
    terminal.show(terminal.run(lambda api: api.get(f"/exceptions/{exception_id}")))


@command.command()
@click.argument("exception_id", metavar="EXCEPTION_ID")
@click.argument("owner", required=False)
@api_options
def assign(terminal: Terminal, *, exception_id: str, owner: str | None) -> None:
    """Give EXCEPTION_ID to OWNER, a role (role:credit) or an account (account:acc_…); without one, to nobody."""
    terminal.show(terminal.run(lambda api: _act(api, exception_id, action="assign", owner=owner)))


@command.command()
@click.argument("exception_id", metavar="EXCEPTION_ID")
@click.option("--reason", required=True, help="Why. It is kept, with who said so.")
@api_options
def discard(terminal: Terminal, *, exception_id: str, reason: str) -> None:
    """Give EXCEPTION_ID up. A run that has not ended is cancelled with it."""
    terminal.show(terminal.run(lambda api: _act(api, exception_id, action="discard", words=reason)))


@command.command()
@click.argument("exception_id", metavar="EXCEPTION_ID", required=False)
@_filter
@click.option("--all", "every", is_flag=True, help="All that there are, of whatever category, connection or cause.")
@click.option("--yes", is_flag=True, help="Do it for what is found now, which is shown before.")
@click.option("--token", help="Do it for what an earlier preview showed, and for nothing else.")
@api_options
def retry(
    terminal: Terminal, /, *, exception_id: str | None, every: bool, yes: bool, token: str | None, **only: str | None
) -> None:
    """Let EXCEPTION_ID's run go on, or all that the options find; 200 at once, the oldest first.

    A failed run goes on from what failed, a quarantined one from where it was set aside. Of many it is only shown
    without --yes and --token, with the token to do it.
    """
    many = every or any(only.values())
    if sum((exception_id is not None, many, token is not None)) != 1 or (yes and not many):
        raise click.UsageError(
            "give an id, or options that find many (--all for whatever there is), or a --token alone"
        )

    async def work(api: Api) -> Any:
        if token is not None:
            return await api.send("POST", "/exceptions/act", {"token": token})
        body = {"preview": True, "filter": await _given(api, only), "action": "retry"}
        seen = await api.send("POST", "/exceptions/act", body)
        if not yes or seen["token"] is None:
            return seen
        click.echo("\n".join(previewed(seen, "exceptions", *_SEEN)), err=True)
        return await api.send("POST", "/exceptions/act", {"token": seen["token"]})

    if exception_id is not None:
        terminal.show(terminal.run(lambda api: _act(api, exception_id, action="retry")))
        return
    answer = terminal.run(work)
    if terminal.as_json:
        terminal.show(answer)
    elif answer.get("done"):
        terminal.table(answer["done"], "outcome", "id")
    else:
        terminal.preview(answer, "exceptions", *_SEEN)


async def _act(api: Api, exception: str, **act: Any) -> Any:
    """As it is now: who acts a moment before makes this a refusal."""
    seen = (await api.get(f"/exceptions/{exception}"))["changes"]
    return await api.send("POST", f"/exceptions/{exception}/act", {**act, "seen": seen})
