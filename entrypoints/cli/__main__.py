"""`python -m entrypoints.cli`."""

from entrypoints.cli.main import main

if __name__ == "__main__":
    main()
