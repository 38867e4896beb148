"""Starts Phoenix; run by the interpreter of its own environment.

Phoenix binds its gRPC port on every interface and has no setting for that, so the address is changed on its way.
"""

# mypy: ignore-errors

from __future__ import annotations

import sys

import grpc.aio

_server = grpc.aio.server


def _on_loopback(*arguments: object, **options: object) -> object:
    made = _server(*arguments, **options)
    bind = made.add_insecure_port
    made.add_insecure_port = lambda address: bind(address.replace("[::]", "127.0.0.1"))
    return made


grpc.aio.server = _on_loopback

if __name__ == "__main__":
    from phoenix.server.main import main

    sys.argv = ["phoenix", "serve"]
    main()
