"""Mail that leaves by a client's own server (ADR 0093)."""
