"""The connectors that come with the product: those that are data, and those that are code."""

from services.connectors.builtin.http import Http
from services.connectors.builtin.tryton import Tryton
from services.connectors.declared import library
from services.connectors.declared.connector import Declared
from services.connectors.sdk.connector import Connector
from services.engine.expressions.evaluator import NOWHERE
from services.engine.expressions.protocol import Evaluator


def all_connectors(evaluator: Evaluator = NOWHERE) -> tuple[Connector, ...]:
    """A new instance of each. `evaluator`: of the programs of their mappings; who makes no calls needs none."""
    return (Http(), Tryton(), *(Declared(document, evaluator) for document in library.documents()))
