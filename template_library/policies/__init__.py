"""Rules on what workflows may write, and whether a document keeps them. Values and pure functions: no database."""
