"""See 0007_proof.sql."""

from sql.migrations import run

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run("0007_proof")
