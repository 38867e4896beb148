"""Mail in: what comes to a client's mailbox (ADR 0094)."""
