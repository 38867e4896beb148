"""The settings of the way out: what connections may reach."""

from __future__ import annotations

from typing import Final

from infra import setting_values as values
from infra.setting_values import Definition

EGRESS: Final = (
    Definition(
        "egress_loopback",
        "false",
        "true or false",
        "Lets connections reach this machine's loopback. `waybill up` sets it for the demo and says so.",
        values.switch,
    ),
    Definition(
        "egress_networks",
        "",
        "networks such as 10.1.0.0/16,fd00::/8",
        "Private networks that connections may reach, separated by commas; otherwise public addresses only.",
        values.networks,
    ),
    Definition(
        "egress_denied",
        "",
        "networks such as 203.0.113.0/24",
        "Networks that no connection may reach, separated by commas, such as the installation's own public addresses. "
        "Stronger than every permission.",
        values.networks,
    ),
)
