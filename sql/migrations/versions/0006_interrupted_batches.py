"""See 0006_interrupted_batches.sql."""

from sql.migrations import run

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run("0006_interrupted_batches")
