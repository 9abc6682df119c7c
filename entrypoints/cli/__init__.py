"""The command line, `fna-batch`."""

from entrypoints.cli.main import main

__all__ = ["main"]
