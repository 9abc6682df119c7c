"""The command line, `fna-batch`."""


def main() -> None:
    """Imports late: the processes that analyse reports import the program's start, and need nothing of it."""
    try:
        from entrypoints.cli.main import run

        run()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
