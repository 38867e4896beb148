"""Databases: sessions of a connection, named statements, and what goes into them and comes out (ADR 0091)."""
