"""A simulated ERP that speaks JSON-RPC, counts money in units, and knows no idempotency keys."""
