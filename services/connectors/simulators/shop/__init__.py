"""A simulated web shop: orders that are placed as hours pass, customers, and what has left of each order."""
