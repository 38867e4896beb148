"""Triggers that ask: due ones are taken under a lease, and what is new becomes events with the cursor (ADR 0077)."""
