"""A simulated service desk: tickets in queues, which an agent opens after an hour, and comments."""
