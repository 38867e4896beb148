"""A simulated ERP that speaks OData: entities with tags, an action that asks for one, and no idempotency keys."""
