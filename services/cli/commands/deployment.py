from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from services.cli import migrating
from services.cli.bound import bindings
from services.cli.client import Api
from services.cli.options import Terminal, api_options, fail, pairs, values

_TEMPLATE = click.option("--template", metavar="NAME[@VERSION]", help="A template; without version its newest.")
_WORKFLOW = click.option("--workflow", metavar="ID", help="A published workflow version.")
_DOCUMENT = click.option(
    "--document", type=click.Path(path_type=Path), help="File with a workflow, which is published first."
)
_BIND = click.option("--bind", multiple=True, metavar="NAME=CONNECTION", help="A connection, or group:NAME.")
_SET = click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="A parameter; JSON where it is JSON.")
_PRIORITY = click.option("--priority", type=click.Choice(["interactive", "normal", "bulk"]), help="Class of its runs.")
_NEXT = "  `waybill deployment update` makes the next revision; --to names another one than the present."
_PARAMETERS = click.option("--parameters", "file", type=click.Path(path_type=Path), help="JSON file with parameters.")


@click.group()
def command() -> None:
    """What runs for a client: workflows with their parameters and connections."""


@command.command()
@click.argument("name")
@_TEMPLATE
@_WORKFLOW
@_DOCUMENT
@_BIND
@_SET
@_PARAMETERS
@_PRIORITY
@click.option("--site", help="For this site: its parameters come first.")
@api_options
def create(  # noqa: PLR0913 - one argument an option
    terminal: Terminal,
    *,
    name: str,
    template: str | None,
    workflow: str | None,
    document: Path | None,
    bind: tuple[str, ...],
    given: tuple[str, ...],
    file: Path | None,
    priority: str | None,
    site: str | None,
) -> None:
    """Deploy a template, a published workflow or a document as NAME. Events that match its trigger start it at once."""
    text = _one_source(template, workflow, document, needed=True)
    parameters, bound = values(given, file), pairs(bind, "NAME=CONNECTION")

    async def work(api: Api) -> Any:
        led = await bindings(api, bound)
        body = {"name": name, "parameters": parameters, "bindings": led, **_given(priority)}
        body |= {} if site is None else {"site": site}
        if document is not None and text is not None:
            from services.cli import fitting  # noqa: PLC0415 - only a document needs connectors and schemas here

            await fitting.name_is_free(api, name)
            await fitting.check(api, fitting.Parts(text, document, parameters, led))
        return await api.send("POST", "/deployments", {**body, **await _source(api, template, workflow, text)})

    terminal.show(terminal.run(work))


@command.command("list")
@click.option("--status", type=click.Choice(["active", "disabled"]))
@api_options
def list_deployments(terminal: Terminal, *, status: str | None) -> None:
    """All deployments, the newest first."""
    items = terminal.run(lambda api: api.pages("/deployments", status=status))
    terminal.table(items, "name", "workflow.name", "workflow.version", "status", "revision", "id")


@command.command()
@click.argument("deployment")
@api_options
def show(terminal: Terminal, *, deployment: str) -> None:
    """One deployment's present revision, by name or id."""

    async def work(api: Api) -> Any:
        return await api.get(f"/deployments/{await api.reference('deployments', 'dep', deployment)}")

    terminal.show(terminal.run(work))


@command.command()
@click.argument("deployment")
@_TEMPLATE
@_WORKFLOW
@_DOCUMENT
@_BIND
@_SET
@_PARAMETERS
@_PRIORITY
@api_options
def update(  # noqa: PLR0913 - one argument an option
    terminal: Terminal,
    *,
    deployment: str,
    template: str | None,
    workflow: str | None,
    document: Path | None,
    bind: tuple[str, ...],
    given: tuple[str, ...],
    file: Path | None,
    priority: str | None,
) -> None:
    """Make the next revision of DEPLOYMENT, by name or id. Runs in flight keep theirs.

    Connections and parameters that are not named stay; --parameters gives all of them.
    """
    text = _one_source(template, workflow, document, needed=False)
    parameters, bound = values(given, file), pairs(bind, "NAME=CONNECTION")

    async def work(api: Api) -> Any:
        path = f"/deployments/{await api.reference('deployments', 'dep', deployment)}"
        present = await api.get(path)
        body: dict[str, Any] = _given(priority)
        if bound:
            body["bindings"] = {**present["bindings"], **await bindings(api, bound)}
        if file is not None:
            body["parameters"] = parameters
        elif parameters:
            body["parameters"] = {**_its_own(present), **parameters}
        if document is not None and text is not None:
            from services.cli import fitting  # noqa: PLC0415 - only a document needs connectors and schemas here

            then = {**present, **body}
            held = parameters if file is not None else {**present["parameters"], **parameters}
            await fitting.check(api, fitting.Parts(text, document, held, then["bindings"]))
        return await api.send("PATCH", path, {**body, **await _source(api, template, workflow, text)})

    terminal.show(terminal.run(work))


@command.command()
@click.argument("deployment")
@api_options
def disable(terminal: Terminal, *, deployment: str) -> None:
    """Let no event start DEPLOYMENT any more; its runs in flight go on."""
    terminal.show(_switch(terminal, deployment, "disable"))


@command.command()
@click.argument("deployment")
@api_options
def enable(terminal: Terminal, *, deployment: str) -> None:
    """Let events start DEPLOYMENT again."""
    terminal.show(_switch(terminal, deployment, "enable"))


@command.command()
@click.argument("deployment")
@click.option("--from", "former", type=click.IntRange(1), required=True, help="Revision whose runs are moved.")
@click.option("--to", "following", type=click.IntRange(1), help="Revision to move them to; the present one by default.")
@click.option("--map", "file", type=click.Path(path_type=Path), help="JSON file: pointers of tasks, old to new.")
@click.option("--dry-run", is_flag=True, help="Only show what can move, what cannot and why, and a map to use.")
@api_options
def migrate(  # noqa: PLR0913 - one argument an option
    terminal: Terminal, *, deployment: str, former: int, following: int | None, file: Path | None, dry_run: bool
) -> None:
    """Move the waiting and suspended runs of DEPLOYMENT from one revision to another; each goes on where it stands.

    A run that stands at something that is not in the other revision stays. Runs that are under way are not touched.
    """
    pairs_of_map = migrating.read_map(file)

    async def work(api: Api) -> Any:
        path = f"/deployments/{await api.reference('deployments', 'dep', deployment)}"
        to = following if following is not None else (await api.get(path))["revision"]
        if to == former:
            what = "is both --from and --to" if following is not None else f"is the present one of {deployment}"
            fail(f"There is nothing to move to: revision {former} {what}", _NEXT)
        body = {"from_revision": former, "to_revision": to, "map": pairs_of_map}
        return await (migrating.plan if dry_run else migrating.move)(api, f"{path}/migrations", body)

    terminal.show(terminal.run(work))


@command.command()
@click.argument("deployment")
@api_options
def revisions(terminal: Terminal, *, deployment: str) -> None:
    """What DEPLOYMENT was, and is, by name or id: its revisions, the newest first."""

    async def work(api: Api) -> Any:
        return await api.pages(f"/deployments/{await api.reference('deployments', 'dep', deployment)}/revisions")

    terminal.table(terminal.run(work), "revision", "workflow.name", "workflow.version", "made_at")


@command.command("roll-back")
@click.argument("deployment")
@click.option("--to", type=click.IntRange(1), help="Revision to go back to; the one before the present by default.")
@api_options
def roll_back(terminal: Terminal, *, deployment: str, to: int | None) -> None:
    """Let DEPLOYMENT be what it was: a new revision as an earlier one. Runs in flight keep theirs."""

    async def work(api: Api) -> Any:
        path = f"/deployments/{await api.reference('deployments', 'dep', deployment)}/roll-back"
        return await api.send("POST", path, {} if to is None else {"to_revision": to})

    terminal.show(terminal.run(work))


def _its_own(present: dict[str, Any]) -> dict[str, Any]:
    """What was given with the deployment. What is sent is its own from then on, and inherited no more."""
    sources = present["sources"]
    return {name: value for name, value in present["parameters"].items() if sources.get(name) == "deployment"}


def _given(priority: str | None) -> dict[str, Any]:
    return {} if priority is None else {"priority": priority}


def _switch(terminal: Terminal, deployment: str, verb: str) -> Any:
    async def work(api: Api) -> Any:
        return await api.send("POST", f"/deployments/{await api.reference('deployments', 'dep', deployment)}/{verb}")

    return terminal.run(work)


def _one_source(template: str | None, workflow: str | None, document: Path | None, *, needed: bool) -> str | None:
    """The document's text, when the document is the source."""
    given = sum(one is not None for one in (template, workflow, document))
    if given > 1 or (needed and not given):
        raise click.UsageError("give one of --template, --workflow and --document")
    try:
        return None if document is None else document.read_text(encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{document} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"{document} is not UTF-8 text") from None


async def _source(api: Api, template: str | None, workflow: str | None, document: str | None) -> dict[str, Any]:
    if template is not None:
        name, mark, version = template.partition("@")
        return {"template": {"name": name, **({"version": version} if mark else {})}}
    if document is not None:
        workflow = (await api.send("POST", "/workflows", {"document": document}))["id"]
    return {} if workflow is None else {"workflow": workflow}
