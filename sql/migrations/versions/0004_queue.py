"""See 0004_queue.sql."""

from sql.migrations import run

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run("0004_queue")
