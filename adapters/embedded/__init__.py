"""The embedded database: a PostgreSQL that the service starts and stops itself, if the operator provides none."""
