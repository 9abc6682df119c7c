"""Storage in memory, for tests. The contract suites run over it and over PostgreSQL alike."""

from adapters.memory.storage import MemoryStorage

__all__ = ["MemoryStorage"]
