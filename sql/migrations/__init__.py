"""The schema's history: plain SQL, run by Alembic. Never edit a released migration, add a new one."""

from importlib.resources import files

from alembic import op


def run(revision: str, *names: str) -> None:
    """Execute `versions/<revision>/<name>.sql` for each name, in this order.

    The statements are sent without parameters, so `%` and `:` need no escape.
    """
    folder = files("sql") / "migrations" / "versions" / revision
    cursor = op.get_bind().connection.cursor()
    for name in names:
        cursor.execute((folder / f"{name}.sql").read_text())
