"""Settings of the API's server: where it listens, what it answers to, how much it reads and how often."""

from __future__ import annotations

from typing import Final

from infra import setting_values as values
from infra.setting_values import Definition

API: Final = (
    Definition("api_host", "127.0.0.1", "a host name or address", "Address that the API listens on.", values.host),
    Definition(
        "api_port",
        "8420",
        "a port, 1 to 65535",
        "Port of the API. `waybill up` takes the next free one when it is busy, and says so.",
        values.whole(1, 65535),
    ),
    Definition(
        "api_hosts",
        "",
        "host names without port, such as api.example.com",
        "Names that the API answers to, separated by commas. Empty: its own address. Any other name is 404.",
        values.names,
    ),
    Definition(
        "api_max_body",
        "1048576",
        "bytes, 1024 to 104857600",
        "Largest request body that the API reads.",
        values.whole(1024, 104_857_600),
    ),
    Definition(
        "api_rate",
        "200",
        "requests a second, 1 to 100000",
        "Requests a second that a key or account may make in the long run; an environment of a client four times that.",
        values.whole(1, 100_000),
    ),
    Definition(
        "api_burst",
        "2000",
        "requests, 20 to 1000000",
        "Requests that a key or an account may make at once, when it has made none for a while.",
        values.whole(20, 1_000_000),
    ),
    Definition(
        "trusted_proxies",
        "",
        "networks such as 10.1.0.0/16,fd00::/8",
        "Proxies in front, whose `X-Forwarded-For` tells the client's address. Empty: the address that connects.",
        values.networks,
    ),
)
