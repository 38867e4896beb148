"""What a connector is made of (docs/integrator/connectors.md). Only `context` reaches out, through egress."""
