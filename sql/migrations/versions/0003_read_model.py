"""See 0003_read_model.sql."""

from sql.migrations import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run("0003_read_model")
