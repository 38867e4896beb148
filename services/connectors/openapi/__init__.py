"""A first manifest from an OpenAPI 3 document; what the document cannot say is left to a person, and named."""
