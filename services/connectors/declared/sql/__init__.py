"""What a manifest says of a database: named statements, and requests that run them (ADR 0091)."""
