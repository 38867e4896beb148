from __future__ import annotations

import uuid
from typing import Any, BinaryIO

import click

from infra import strict_json
from services.cli.client import Api
from services.cli.options import Terminal, api_options, key_of


@click.group()
def command() -> None:
    """Tell runs that wait what they wait for, by a key such as an order's number."""


@command.command()
@click.argument("type", metavar="TYPE")
@click.argument("key_text", metavar="NAME=VALUE")
@click.option("--data", type=click.File("rb"), help="File with its data, JSON; `-` reads it.")
@click.option("--id", metavar="ID", help="Send it under this id: one that was taken under it is not taken twice.")
@click.option("--source", help="Of the sender; with the id it names the signal.")
@api_options
def send(terminal: Terminal, /, *, key_text: str, data: BinaryIO | None, **attributes: str | None) -> None:
    """Send an event of TYPE to every run under way whose key NAME is VALUE and that listens for it."""
    name, value = key_of(key_text, "it")
    body: dict[str, Any] = {name: text for name, text in attributes.items() if text is not None}
    body = {"id": str(uuid.uuid4()), **body, "key": {"name": name, "value": value}}
    if data is not None:
        try:
            body["data"] = strict_json.decode(data.read())
        except strict_json.MalformedJson as error:
            raise click.UsageError(f"--data holds no JSON that is accepted: {error}") from None

    async def work(api: Api) -> Any:
        return await api.send("POST", "/signals", body)

    terminal.show(terminal.run(work))
