"""Which server of an AsyncAPI document is called, and how."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from services.protocols import errors
from services.protocols.asyncapi.link import Kind

# By the protocol's name in a document or a task: the transport, whether by TLS, the version of MQTT.
_PROTOCOLS: Final[dict[str, tuple[Kind, bool | None, int]]] = {
    "http": ("http", False, 4),
    "https": ("http", True, 4),
    "ws": ("ws", False, 4),
    "wss": ("ws", True, 4),
    "mqtt": ("mqtt", None, 4),
    "mqtts": ("mqtt", True, 4),
    "secure-mqtt": ("mqtt", True, 4),
    "mqtt5": ("mqtt", None, 5),
    "redis": ("redis", None, 4),
    "rediss": ("redis", True, 4),
}
_PORTS: Final = {"http": (80, 443), "ws": (80, 443), "mqtt": (1883, 8883), "redis": (6379, 6380)}
_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_FIVE: Final = 5


class Address(msgspec.Struct, frozen=True):
    kind: Kind
    host: str
    port: int
    tls: bool
    path: str
    version: int


def choose(servers: Mapping[str, Any], name: str | None, protocol: str | None) -> Any:
    """The server called `name`, else the first of `protocol`, else the first of a protocol that is spoken here.

    Raises:
        Refusal: `configuration`, naming what there is.
    """
    if not servers:
        raise _unusable("it names no server")
    if name is not None:
        if name not in servers:
            raise _unusable(f"the channel has no server {name[:80]!r}; there are {', '.join(map(repr, servers))[:200]}")
        return servers[name]
    if protocol is not None and protocol not in _PROTOCOLS:
        raise _unspoken(protocol)
    fitting = [server for server in servers.values() if protocol is None or _is_of(server, protocol)]
    found = next((server for server in fitting if str(server.get("protocol")).lower() in _PROTOCOLS), None)
    if found is None:
        spoken = sorted({str(server.get("protocol"))[:40] for server in servers.values()})
        if protocol is None and len(spoken) == 1:
            raise _unspoken(spoken[0])
        raise _unusable(
            f"the channel has no server of protocol {protocol or 'http, ws, mqtt or redis'}; it has {spoken}"
        )
    return found


def address(server: Mapping[str, Any], variables: Mapping[str, Any]) -> Address:
    """Where a server is, of AsyncAPI 2 (`url`) or 3 (`host`, `pathname`), with its variables filled.

    Raises:
        Refusal: `configuration`.
    """
    protocol = str(server.get("protocol", "")).lower()
    if protocol not in _PROTOCOLS:
        raise _unspoken(protocol)
    kind, tls, version = _PROTOCOLS[protocol]
    if str(server.get("protocolVersion", "")).startswith(str(_FIVE)):
        version = _FIVE
    text = str(server.get("url") or f"{server['host']}{server.get('pathname', '')}")
    filled = fill(text, server.get("variables") or {}, variables)
    scheme, mark, rest = filled.partition("://")
    split = urlsplit(f"//{rest if mark else filled}")
    if not split.hostname or split.username is not None or split.query:
        raise _unusable("the server's address has no host, or a user name or a query in it")
    secure = mark and scheme.lower() in {"https", "wss", "mqtts", "ssl", "rediss", "secure-mqtt"}
    port = split.port
    tls = bool(tls or secure or (tls is None and port in {8883, 6380, 443}))
    if port is None:
        # MQTT and Redis say nothing of TLS in their names: what leaves the machine leaves by it.
        tls = tls or (kind in {"mqtt", "redis"} and not _is_own(split.hostname))
        port = _PORTS[kind][tls]
    return Address(kind, split.hostname, port, tls, split.path.rstrip("/"), version)


def fill(text: str, described: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """`{name}` replaced by the given value, else by the default, else by the first of its values.

    Raises:
        Refusal: `configuration`: a value is missing, or not one of those that are allowed.
    """

    def value(match: re.Match[str]) -> str:
        name, variable = match[1], described.get(match[1]) or {}
        schema = variable.get("schema") or {}
        allowed = variable.get("enum") or schema.get("enum") or []
        found = given.get(name, variable.get("default", schema.get("default", next(iter(allowed), None))))
        if found is None or isinstance(found, dict | list):
            raise _unusable(f"{name[:80]!r} has no value; give it in `server.variables`")
        if allowed and str(found) not in map(str, allowed):
            raise _unusable(f"{name[:80]!r} is one of {list(map(str, allowed))[:10]}")
        return str(found)

    return _VARIABLE.sub(value, text)


def _is_of(server: Mapping[str, Any], protocol: str) -> bool:
    spoken = _PROTOCOLS.get(str(server.get("protocol")).lower())
    if spoken is None:
        return False
    wanted, _, version = _PROTOCOLS[protocol]
    is_five = spoken[2] == _FIVE or str(server.get("protocolVersion", "")).startswith(str(_FIVE))
    return spoken[0] == wanted and (version != _FIVE or is_five)


def _is_own(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _unspoken(protocol: str) -> errors.Refusal:
    return _unusable(f"the protocol {protocol[:40]!r} is not supported; http, ws, mqtt, mqtt5 and redis are")


def _unusable(detail: str) -> errors.Refusal:
    return errors.configuration("Unusable AsyncAPI document", detail, sent=True)
