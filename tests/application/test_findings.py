"""A finding's subject names a table or a column, whatever the problem says and whatever was stored."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from application.audit.drift import drift_of
from application.audit.findings import Finding, Table
from application.audit.ports.audit_source import AuditedBatch
from application.streams import Stream
from tests.support.builders import NOON

TABLES, COLUMNS = st.sampled_from(Table), st.none() | st.sampled_from(["status", "results"])


@given(table=TABLES, column=COLUMNS, problem=st.text(), other=st.text())
def test_a_subject_does_not_depend_on_the_problem(table: Table, column: str | None, problem: str, other: str) -> None:
    one = Finding(table=table, column=column, problem=problem)
    two = Finding(table=table, column=column, problem=other)
    assert one.subject == two.subject == (table if column is None else f"{table}.{column}")


@given(unreadable=st.text(min_size=1))
def test_the_subject_of_an_unreadable_row_is_its_table(unreadable: str) -> None:
    audited = AuditedBatch(batch_id=UUID(int=1), events=[], job=None, unreadable=unreadable)
    findings = list(drift_of(audited, Stream(()), kept_since=NOON - timedelta(days=30)))
    assert [finding.subject for finding in findings] == ["batch_jobs"]
