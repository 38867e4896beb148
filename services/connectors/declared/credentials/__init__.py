"""Who a request of a declared connector speaks for."""
