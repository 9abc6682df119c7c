"""Every statement of the service: one a file in `queries/`, the schema's history in `migrations/`."""

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> bytes:
    """The statement in `queries/<name>.sql`, with `%(name)s` parameters (`%(name)b`: sent in binary, for long arrays).

    Raises FileNotFoundError.
    """
    return (files("sql") / "queries" / f"{name}.sql").read_bytes()
