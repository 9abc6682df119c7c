"""A PostgreSQL of the service's own, for whoever has none: the real engine, started and stopped with its users."""
