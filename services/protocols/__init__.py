"""The protocol functions of the workflow language (DSL reference, Call): `table` fills the engine's table with them."""
