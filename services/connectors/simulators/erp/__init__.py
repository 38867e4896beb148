"""A simulated ERP: customers' credit, stock, and orders once per idempotency key."""
