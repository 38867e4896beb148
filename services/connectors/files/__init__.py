"""Files of rows: how they are laid out, read row by row, and written (ADR 0087)."""
