"""A simulated warehouse with an API: orders to ship, what has left, what is there, what was counted."""
