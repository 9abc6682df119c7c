"""See 0005_what_rows_hold.sql."""

from sql.migrations import run

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run("0005_what_rows_hold")
