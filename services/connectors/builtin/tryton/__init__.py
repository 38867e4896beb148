"""Tryton 8.2 over JSON-RPC, as an ordinary user."""

from services.connectors.builtin.tryton.connector import Tryton

__all__ = ["Tryton"]
