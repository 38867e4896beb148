"""What several connectors have in common, as values."""
