"""The operators' ports on PostgreSQL."""
