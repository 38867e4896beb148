"""Documents that a workflow names by address (DSL reference, External Resource): fetched, kept, read as data."""
