"""A legacy warehouse that speaks files alone: orders in, confirmations and counts out, at each full hour."""
