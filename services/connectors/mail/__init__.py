"""Mail as systems speak it: servers that take it and servers that keep it (ADR 0093, ADR 0094)."""
