from __future__ import annotations

from typing import Any, BinaryIO, Final

import click

from infra import strict_json
from services.cli.options import Terminal, account_options, api_options

_SCHEMAS: Final = ("type", "version", "enforced", "dataschema", "made_at")


@click.group()
def command() -> None:
    """The types of events, and the schemas that a client's environment holds them to."""


@command.command()
@account_options
def types(terminal: Terminal) -> None:
    """The types that everybody knows."""
    found = terminal.run(lambda api: api.get("/event-types"))
    terminal.table(found["items"], "type", "version", "order_state", "publisher", "title")


@command.command()
@api_options
def schemas(terminal: Terminal) -> None:
    """What the environment holds its events to."""
    found = terminal.run(lambda api: api.get("/event-schemas"))
    terminal.table(found["items"], *_SCHEMAS)


@command.command()
@click.argument("type", metavar="TYPE")
@click.option(
    "--schema", type=click.File("rb"), help="File with a JSON Schema, `-` reads it; without: the catalogue's."
)
@click.option("--named-only", is_flag=True, help="Hold only those events to it that name it in `dataschema`.")
@api_options
def register(terminal: Terminal, /, *, schema: BinaryIO | None, named_only: bool, **given: str) -> None:
    """Hold the environment's events of TYPE to a schema; one that would break anybody is refused with the path."""
    body: dict[str, Any] = {"type": given["type"], "enforced": not named_only}
    if schema is not None:
        try:
            body["schema"] = strict_json.decode(schema.read())
        except strict_json.MalformedJson as error:
            raise click.UsageError(f"--schema holds no JSON that is accepted: {error}") from None
    made = terminal.run(lambda api: api.send("POST", "/event-schemas", body))
    terminal.show({name: made[name] for name in _SCHEMAS})
