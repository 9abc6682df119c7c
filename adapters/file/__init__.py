"""Files on the local machine."""

from adapters.file.witness import FileWitness

__all__ = ["FileWitness"]
