from __future__ import annotations

from infra.egress import Client
from services.engine.functions import Cautious
from services.protocols import table
from template_library.dsl.protocols import PROTOCOLS
from template_library.dsl.readiness import PROCESSES


def test_every_protocol_and_every_process_of_the_language_has_its_function(client: Client) -> None:
    functions = table.functions(client)
    assert set(functions) == {"http", *PROTOCOLS, *(f"run.{kind}" for kind in PROCESSES)}
    assert all(isinstance(function, Cautious) for function in functions.values()), "the engine asks each"
