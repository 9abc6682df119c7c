"""The SQL of the service: one statement per file in `queries/`, the schema in `migrations/`."""

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> bytes:
    """Return the statement in `queries/<name>.sql`. Raises FileNotFoundError.

    Parameters are written `%(name)s`, or `%(name)b` to send them in binary, which is faster for long arrays.
    """
    return (files("sql") / "queries" / f"{name}.sql").read_bytes()
