"""The audit's ports on PostgreSQL."""
