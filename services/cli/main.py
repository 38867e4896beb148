"""The `waybill` command. A command's module is imported when that command is chosen, so that each starts fast."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import version
from typing import Final

import click

from infra import collector, core_dumps
from infra.settings import BadSetting

# Name, module (it holds the click command as `command`), and the line of help, which must not cost an import.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "up": ("services.cli.commands.up", "Start everything here: database, demo data, API and worker."),
    "down": ("services.cli.commands.down", "End the `waybill up` that runs in this home."),
    "reset": ("services.cli.commands.reset", "Remove all data of this home."),
    "logs": ("services.cli.commands.logs", "Show the logs of the processes."),
    "doctor": ("services.cli.commands.doctor", "Say what is missing or wrong, and what helps."),
    "secrets": ("services.cli.commands.secrets", "The keys behind stored secrets: rotate, rewrap, retire."),
    "check": ("services.cli.commands.check", "Look whether what was done is whole: runs, journals, usage, audit."),
    "api": ("services.cli.commands.api", "Run the API in the foreground."),
    "worker": ("services.cli.commands.worker", "Run the worker in the foreground."),
    "migrate": ("services.cli.commands.migrate", "Bring the database to this version."),
    "database": ("services.cli.commands.database", "Prepare, dump, restore or upgrade a database."),
    "audit": ("services.cli.commands.audit", "What was done by whom: list, export, verify; how long it is kept."),
    "failover": ("services.cli.commands.failover", "What a failover may have lost; go on after it."),
    "operator": ("services.cli.commands.operator", "The operator's keys, with access to the database as proof."),
    "provision": ("services.cli.commands.provision", "Make a partner, a client, an environment, and the way there."),
    "partner": ("services.cli.commands.partner", "The partners of this installation."),
    "client": ("services.cli.commands.client", "A partner's clients."),
    "site": ("services.cli.commands.site", "A client's places inside an environment."),
    "group": ("services.cli.commands.group", "Several connections of one capability, and rules that choose."),
    "readiness": ("services.cli.commands.readiness", "Whether a client has what templates ask for."),
    "parameter": ("services.cli.commands.parameter", "Values that are inherited, and where each comes from."),
    "mapping": ("services.cli.commands.mapping", "How events of systems become records."),
    "policy": ("services.cli.commands.policy", "Rules on what workflows may write without an approval."),
    "brand": ("services.cli.commands.brand", "How a partner's portal looks, and on which hosts."),
    "domain": ("services.cli.commands.domain", "A partner's own domains: claim, prove, give back."),
    "provider": ("services.cli.commands.provider", "OpenID providers where people sign in, and their directories."),
    "network": ("services.cli.commands.network", "Private networks that a client's calls may reach."),
    "account": ("services.cli.commands.account", "The people who sign in on a partner's portal."),
    "mail": ("services.cli.commands.mail", "Mail that waits, was sent or was kept; whom it comes from."),
    "quota": ("services.cli.commands.quota", "How much may be pushed into an environment, or a partner's all."),
    "key": ("services.cli.commands.key", "API keys: create, list, show, rotate, disable."),
    "event": ("services.cli.commands.event", "Types of events, and the schemas that they are held to."),
    "signal": ("services.cli.commands.signal", "Tell runs that wait, by a key such as an order's number."),
    "send": ("services.cli.commands.send", "Send an event and follow what it starts."),
    "run": ("services.cli.commands.run", "What events started: list, show, cancel, resume."),
    "peak": ("services.cli.commands.peak", "When more comes than is done: who goes first, and who waits."),
    "exception": ("services.cli.commands.exception", "What does not go on: list, show, assign, discard, retry."),
    "archive": ("services.cli.commands.archive", "Ended runs in files: list, show, verify; how long runs are kept."),
    "playbook": ("services.cli.commands.playbook", "How work goes on while a connection is away."),
    "entry": ("services.cli.commands.entry", "What is done by hand or by file while a connection is away."),
    "connection": ("services.cli.commands.connection", "A client's connections to its systems."),
    "connector": ("services.cli.commands.connector", "Connectors that are data: begin one, check it, run its tests."),
    "simulator": ("services.cli.commands.simulator", "Simulated systems, to show a template without a client's."),
    "deployment": ("services.cli.commands.deployment", "What runs for a client."),
    "promotion": ("services.cli.commands.promotion", "What is to run in live as it does in test, once approved."),
    "owner": ("services.cli.commands.owner", "Who answers for processes, data, connections and architecture."),
    "interface": ("services.cli.commands.interface", "Which interfaces there are, who uses them, and what is wrong."),
    "template": ("services.cli.commands.template", "The workflow templates, and their tests."),
    "workflow": ("services.cli.commands.workflow", "Run one workflow document without any service."),
}
HIDDEN: Final[dict[str, str]] = {"seed": "services.cli.commands.seed"}


class Lazy(click.Group):
    """A group that knows its commands' names and help without their modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        module = COMMANDS[cmd_name][0] if cmd_name in COMMANDS else HIDDEN.get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's form
    if wanted and not ctx.resilient_parsing:
        click.echo(f"waybill {version('waybill')}")
        ctx.exit()


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show it.")
def waybill() -> None:
    """Waybill on this machine. Settings are environment variables: docs/operator/settings.md."""


def main() -> None:
    """Entry point: 0 done, 1 failed, 2 wrong use; errors of the operator's making are one line."""
    core_dumps.forbid()
    collector.leave_at_the_end()
    try:
        waybill()
    except BadSetting as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
