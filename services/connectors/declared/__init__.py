"""Connectors that are data: a manifest, read, checked and filled into the protocols of the SDK (ADR 0070)."""
