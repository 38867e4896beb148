"""How connections are: a small question to each as it is changed, and now and then (ADR 0089)."""
