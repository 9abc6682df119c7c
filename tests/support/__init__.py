"""Helpers shared by tests: builders, running services, processes. No test lives here."""
