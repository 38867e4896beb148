"""The function `asyncapi` (DSL reference, AsyncAPI Call): AsyncAPI 2 and 3 over http, ws, mqtt and redis."""
