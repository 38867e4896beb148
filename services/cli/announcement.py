"""What `waybill up` prints: a line as each phase begins, and in the end where everything is and what to try first."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from services.cli import invocation
from services.cli.installation import Installation, aligned
from services.cli.running import Demo, Portal

DOCUMENTATION: Final = "/docs"
# In a checkout; an installed package brings no examples.
EXAMPLE: Final = Path(__file__).parents[2] / "docs" / "examples" / "order.json"


def announcement(installation: Installation) -> str:
    """The addresses and the ways in; the line to begin with comes last, where the eye is."""
    url = installation.api_url
    blocks = [[aligned("API", url), aligned("documentation", url + DOCUMENTATION)]]
    if installation.settings.demo_erp_url:
        blocks[0].append(aligned("simulated ERP", installation.settings.demo_erp_url))
    blocks[0].append(aligned("data and logs", str(installation.home.folder)))
    begin = f"The API is at {url}."
    if demo := installation.demo:
        blocks += [_part(installation, demo, portal) for portal in demo.portals]
        if EXAMPLE.is_file():
            blocks.append([aligned("first order", invocation.line("send", invocation.short(EXAMPLE)))])
        if demo.portals:
            begin = f"Open {installation.portal_url(demo.portals[0].host)} and sign in."
    if installation.settings.egress_loopback:
        blocks.append(["Connections may reach this machine's loopback (WAYBILL_EGRESS_LOOPBACK). Not for production."])
    text = "\n\n".join("\n".join(block) for block in blocks)
    return f"\n{text}\n\n{begin} Ctrl-C stops everything."


def _part(installation: Installation, demo: Demo, portal: Portal) -> list[str]:
    """A partner's names as commands take them, and its ways in."""
    width = max(len(portal.partner_slug), len(portal.client_slug))
    lines = [
        aligned("partner", f"{portal.partner_slug:<{width}}  {portal.partner}"),
        aligned("client", f"{portal.client_slug:<{width}}  {portal.client}, {portal.environment}"),
        aligned("portal", installation.portal_url(portal.host)),
        aligned("sign in", portal.email),
        aligned("password", portal.password),
    ]
    return [*lines, aligned("API key", demo.api_key)] if portal.client_slug == demo.client else lines
