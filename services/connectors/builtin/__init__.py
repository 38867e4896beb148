"""The connectors that come with the product."""

from services.connectors.builtin.erp_simulator import ErpSimulator
from services.connectors.builtin.http import Http
from services.connectors.builtin.tryton import Tryton
from services.connectors.sdk.connector import Connector


def all_connectors() -> tuple[Connector, ...]:
    """A new instance of each."""
    return (Http(), ErpSimulator(), Tryton())
