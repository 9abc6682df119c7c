"""See 0002_reports.sql."""

from sql.migrations import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run("0002_reports")
