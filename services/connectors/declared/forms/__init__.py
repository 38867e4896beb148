"""Forms of talking to a system over HTTP: what goes out, what comes back, and how an answer tells of an error."""
