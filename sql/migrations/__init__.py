"""The schema's history: plain SQL, run in order by Alembic. A released migration is never edited."""

from importlib.resources import files

from alembic import op


def run(name: str) -> None:
    """Execute `versions/<name>.sql` as it stands: no parameters, so `%` and `:` mean themselves."""
    statements = (files("sql") / "migrations" / "versions" / f"{name}.sql").read_text()
    op.get_bind().connection.cursor().execute(statements)
