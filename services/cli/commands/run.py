from __future__ import annotations

from typing import Any, BinaryIO, Final

import click

from infra import strict_json
from services.cli.client import Api
from services.cli.options import Terminal, api_options, fail, key_of, previewed

_SEEN: Final = ("state", "business_key", "error", "since", "id")

_STATES = ("pending", "running", "waiting", "suspended", "cancelled", "faulted", "completed", "held")
_STAKES = ("customer_class", "currency", "least_value", "most_value", "deadline_after", "deadline_before")


@click.group()
def command() -> None:
    """What was started by events: look at runs, and operate them."""


@command.command("list")
@click.option("--state", type=click.Choice(_STATES), help="`held`: those of the completed that released nothing.")
@click.option("--business-key", help="Only of this subject, such as an order's number.")
@click.option("--run-key", metavar="NAME=VALUE", help="Only with this declared key, such as orderNumber=SO-4711.")
@click.option("--deployment", help="Only of this deployment, by its name or id.")
@click.option("--customer-class", help="Only of customers of this class.")
@click.option("--currency", help="Only with a value in this currency, such as USD.")
@click.option("--least-value", type=int, metavar="AMOUNT", help="Worth that or more, in minor units of --currency.")
@click.option("--most-value", type=int, metavar="AMOUNT", help="Worth that or less, in minor units of --currency.")
@click.option("--deadline-after", metavar="TIME", help="Promised for then or later, such as 2026-12-01T17:00:00Z.")
@click.option("--deadline-before", metavar="TIME", help="Promised for before then.")
@click.option("--sort", type=click.Choice(("newest", "deadline", "value")), default="newest", show_default=True)
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="The first so many.")
@api_options
def list_runs(terminal: Terminal, /, *, run_key: str | None, deployment: str | None, **only: str | int | None) -> None:
    """The newest first, those with the next deadline, or those of the highest value of one currency."""
    key = None if run_key is None else ":".join(key_of(run_key, "--run-key"))

    async def work(api: Api) -> Any:
        of = None if deployment is None else await api.reference("deployments", "dep", deployment)
        return (await api.get("/runs", key=key, deployment=of, **only))["items"]

    asked = any(value is not None and name in _STAKES for name, value in only.items()) or only["sort"] != "newest"
    stakes = ("value.amount", "value.currency", "deadline", "customer_class") if asked else ()
    columns = ("state", "business_key", *stakes, "created_at", "ended_at", "waiting_for.reason", "id")
    terminal.table(terminal.run(work), *columns)


@command.command()
@click.argument("run_id", metavar="RUN_ID")
@api_options
def show(terminal: Terminal, *, run_id: str) -> None:
    """One run, with its input and output where the key may read them."""
    terminal.show(terminal.run(lambda api: api.get(f"/runs/{run_id}")))


@command.command()
@click.argument("run_id", metavar="RUN_ID")
@api_options
def cancel(terminal: Terminal, *, run_id: str) -> None:
    """End RUN_ID here and now. A call that is under way may still take effect in the other system."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"/runs/{run_id}/cancel")))


@command.command()
@click.argument("run_id", metavar="RUN_ID")
@api_options
def suspend(terminal: Terminal, *, run_id: str) -> None:
    """Set RUN_ID aside until it is resumed. A call that is under way comes to its end first."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"/runs/{run_id}/suspend")))


@command.command()
@click.argument("run_id", metavar="RUN_ID")
@api_options
def resume(terminal: Terminal, *, run_id: str) -> None:
    """Let RUN_ID, which is `suspended`, go on from where it stands."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"/runs/{run_id}/resume")))


@command.command()
@click.argument("run_id", metavar="RUN_ID")
@click.option(
    "--input",
    "file",
    type=click.File("rb"),
    help="JSON to give the task that failed instead of what it had; `-` reads it.",
)
@api_options
def retry(terminal: Terminal, *, run_id: str, file: BinaryIO | None) -> None:
    """Let RUN_ID, which faulted, go on from the task that failed. What it had done is not done again."""
    body: dict[str, Any] = {}
    if file is not None:
        body["input"] = _json(file, "--input")
    terminal.show(terminal.run(lambda api: api.send("POST", f"/runs/{run_id}/retry", body)))


@command.command()
@click.argument("run_id", metavar="RUN_ID")
@api_options
def effects(terminal: Terminal, *, run_id: str) -> None:
    """What RUN_ID did, or may have done, in other systems. --json has what was sent and what is known of the answer."""

    async def work(api: Api) -> Any:
        return (await api.get(f"/runs/{run_id}/effects"))["items"]

    columns = ("status", "mode", "operation", "name", "sent_at", "asked_at", "version", "error.detail", "key")
    terminal.table(terminal.run(work), *columns)


@command.command()
@click.argument("run_id", metavar="RUN_ID")
@click.argument("effect", metavar="EFFECT")
@click.argument("decision", type=click.Choice(("happened", "did-not-happen", "fail")))
@click.option("--output", "file", type=click.File("rb"), help="JSON that the call would have answered; `-` reads it.")
@click.option("--why", default="", help="For the audit, and the words of the error.")
@click.option("--version", type=int, help="Of the effect as you saw it. Without it nothing is done: it is shown.")
@api_options
def decide(terminal: Terminal, /, *, run_id: str, effect: str, file: BinaryIO | None, **body: Any) -> None:
    """Say what became of EFFECT, by its key, of which nobody else can tell. Look in the other system first."""

    async def work(api: Api) -> Any:
        if body["version"] is None:
            found = (await api.get(f"/runs/{run_id}/effects"))["items"]
            shown = next((one for one in found if one["key"] == effect), None)
            if shown is None:
                fail(f"the run has no effect {effect}; `waybill run effects {run_id}` lists their keys")
            click.echo("Nothing is decided: name the version that is shown with --version.", err=True)
            return shown
        if file is not None:
            body["output"] = _json(file, "--output")
        return await api.send("POST", f"/runs/{run_id}/effects/{effect}/decide", body)

    terminal.show(terminal.run(work))


def _json(file: BinaryIO, option: str) -> Any:
    try:
        return strict_json.decode(file.read())
    except strict_json.MalformedJson as error:
        raise click.UsageError(f"{option} holds no JSON that is accepted: {error}") from None


@command.command()
@click.option("--state", type=click.Choice(("faulted", "suspended")), default="faulted", show_default=True)
@click.option("--deployment", help="Only of this deployment, by its name or id.")
@click.option("--workflow", help="Only of the workflow of this name.")
@click.option("--template", help="Only of the template of this name.")
@click.option("--error", help="Only with a fault of this type, such as communication.")
@click.option("--connection", help="Only of deployments that are bound to this connection, by its name or id.")
@click.option("--since", metavar="TIME", help="Faulted or set aside then or later, such as 2026-12-01T17:00:00Z.")
@click.option("--until", metavar="TIME", help="Faulted or set aside before.")
@click.option("--yes", is_flag=True, help="Do it for what is found now, which is shown before.")
@click.option("--token", help="Do it for what an earlier preview showed, and for nothing else.")
@api_options
def redrive(terminal: Terminal, /, *, yes: bool, token: str | None, **only: str | None) -> None:
    """Retry every faulted run that the options find, or resume every suspended one; 200 at once, the oldest first.

    Without --yes and --token it is only shown, with the token to do it.
    """
    if token is not None and (yes or any(text for name, text in only.items() if name != "state")):
        raise click.UsageError("--token stands for the runs of its preview; give it alone")

    async def work(api: Api) -> Any:
        if token is not None:
            return await api.send("POST", "/runs/redrive", {"token": token})
        given = {name: text for name, text in only.items() if text is not None}
        for name, kind, prefix in (("deployment", "deployments", "dep"), ("connection", "connections", "con")):
            if name in given:
                given[name] = await api.reference(kind, prefix, given[name])
        seen = await api.send("POST", "/runs/redrive", {"preview": True, "filter": given})
        if not yes or seen["token"] is None:
            return seen
        click.echo("\n".join(previewed(seen, "runs", *_SEEN)), err=True)
        return await api.send("POST", "/runs/redrive", {"token": seen["token"]})

    answer = terminal.run(work)
    if terminal.as_json:
        terminal.show(answer)
    elif any(one.get("outcome") for one in answer["runs"]):
        terminal.table(answer["runs"], "outcome", "id")
    else:
        terminal.preview(answer, "runs", *_SEEN)
