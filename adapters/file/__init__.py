"""Files of this machine."""

from adapters.file.witness import FileWitness

__all__ = ["FileWitness"]
