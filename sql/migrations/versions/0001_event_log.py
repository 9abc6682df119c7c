"""See 0001_event_log.sql."""

from sql.migrations import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    run("0001_event_log")
