"""The schema of the first release, one file per concern."""

from sql.migrations import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    run(
        "0001_baseline",
        "values",
        "event_log",
        "partitions",
        "tree",
        "operator_actions",
        "reports",
        "read_model",
        "pgqueuer",
        "queue",
    )
