from __future__ import annotations

from infra.egress import Client
from services.engine.functions import Cautious
from services.protocols import table
from template_library.dsl.protocols import PROTOCOLS


def test_every_protocol_of_the_language_has_its_function(client: Client) -> None:
    functions = table.functions(client)
    assert set(functions) == {"http", *PROTOCOLS}
    assert all(isinstance(function, Cautious) for function in functions.values()), "the engine asks each"
