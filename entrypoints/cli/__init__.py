"""The command line, `fna-batch`."""


def main() -> None:
    """Imports late: the processes that analyse reports import the program's start, and need nothing of it."""
    from entrypoints.cli.main import run

    run()
