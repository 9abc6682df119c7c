"""Storage in memory, for tests. The contract suites run over it and over PostgreSQL alike."""

from adapters.memory.audit_source import MemoryAuditSource
from adapters.memory.sealed_log import MemorySealedLog
from adapters.memory.shadow_tables import MemoryShadowTables
from adapters.memory.storage import MemoryStorage
from adapters.memory.witness import MemoryWitness

__all__ = ["MemoryAuditSource", "MemorySealedLog", "MemoryShadowTables", "MemoryStorage", "MemoryWitness"]
