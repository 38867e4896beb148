"""Who a call speaks for (DSL reference, Authentication)."""
