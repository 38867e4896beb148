"""Connections that a person authorises: what was granted is kept and renewed, codes are exchanged (ADR 0086)."""
