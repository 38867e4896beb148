from __future__ import annotations

from infra.problems import Conflict, Invalid, NotFound


class UnknownConnection(NotFound):
    """The tenant has no such connection. The caller lists its connections."""


class InvalidConnection(Invalid):
    """The connector is unknown, or its settings or secrets break its form. `errors` lists `{pointer, detail}`."""

    name = "invalid-connection"
    title = "The connection does not fit its connector"


class ConnectionDisabled(Conflict):
    """The connection was disabled after the run was bound to it. Enable it, or bind another and start anew."""

    name = "connection-disabled"
    title = "The connection is disabled"
