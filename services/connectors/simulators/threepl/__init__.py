"""A simulated 3PL: messages in XML like those of EDI, acknowledged later, shipping advices, hourly inventory."""
