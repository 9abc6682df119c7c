"""The command line, `fna-batch`."""


def main() -> None:
    """Run the command line. Imports late, since the analysing processes import this module and need none of that."""
    try:
        from entrypoints.cli.main import run

        run()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
