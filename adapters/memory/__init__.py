"""Storage in memory, for tests: it keeps the same promises as PostgreSQL, as the contract suites show."""

from adapters.memory.storage import MemoryStorage

__all__ = ["MemoryStorage"]
