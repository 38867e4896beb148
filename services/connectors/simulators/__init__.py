"""Counterparts to develop and test against: real servers with their own state and failure modes (ADR 0082)."""
