"""Uploaded reports and their analyses."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from adapters.codec.analysis import ANALYSIS
from adapters.postgres.pool import Connection
from application.errors import ReportUnreadable
from application.ports.reports import KnownReports, Reports
from domain.analysis import NarrativeAnalysis
from domain.failures import FailureCode
from domain.reports import Report, ReportFormat, ReportType
from domain.statuses import ReportStatus
from sql import query


class PostgresReports(Reports):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, report: Report, content: AsyncIterator[bytes]) -> None:
        await self._connection.execute(query("keep_user_erasure_out"), {"user_id": report.user_id})
        await self._connection.execute(query("add_report"), asdict(report))
        ordinal = 0
        async for piece in content:
            chunk = {"report_id": report.report_id, "ordinal": ordinal, "bytes": piece}
            await self._connection.execute(query("add_report_chunk"), chunk)
            ordinal += 1

    async def get(self, report_id: UUID) -> Report | None:
        cursor = await self._connection.execute(query("report"), {"report_id": report_id})
        row = await cursor.fetchone()
        return None if row is None else _report(row)

    async def content(self, report_id: UUID) -> bytes | None:
        cursor = await self._connection.execute(query("report_content"), {"report_id": report_id}, binary=True)
        return b"".join([row["bytes"] async for row in cursor]) or None

    async def page(self, user_id: UUID, *, limit: int, after: UUID | None) -> Sequence[Report]:
        parameters = {"user_id": user_id, "limit": limit, "after": after}
        cursor = await self._connection.execute(query("reports_page"), parameters)
        return [_report(row) for row in await cursor.fetchall()]

    async def known(self, user_id: UUID, report_ids: Sequence[UUID]) -> KnownReports:
        parameters = {"user_id": user_id, "report_ids": list(report_ids)}
        cursor = await self._connection.execute(query("known_reports"), parameters)
        rows = await cursor.fetchall()
        return KnownReports(
            available={row["report_id"] for row in rows},
            busy={row["report_id"] for row in rows if row["busy"]},
            analysed={row["report_id"] for row in rows if row["analysed"]},
        )

    async def add_analysis(
        self, *, analysis_id: UUID, report_id: UUID, batch_id: UUID, analysis: NarrativeAnalysis, at: datetime
    ) -> None:
        row = {
            "analysis_id": analysis_id,
            "report_id": report_id,
            "batch_id": batch_id,
            "model_version": analysis.model_version,
            "analysis": Jsonb(ANALYSIS.dump_python(analysis, mode="json")),
            "created_at": at,
        }
        try:
            await self._connection.execute(query("add_analysis"), row)
        except psycopg.errors.ForeignKeyViolation as deleted:
            raise ReportUnreadable(FailureCode.REPORT_MISSING) from deleted

    async def latest_analysis(self, report_id: UUID) -> tuple[UUID, NarrativeAnalysis] | None:
        cursor = await self._connection.execute(query("latest_analysis"), {"report_id": report_id})
        row = await cursor.fetchone()
        return None if row is None else (row["analysis_id"], ANALYSIS.validate_python(row["analysis"]))


def _report(row: dict[str, Any]) -> Report:
    return Report(
        **row
        | {
            "report_type": ReportType(row["report_type"]),
            "format": ReportFormat(row["format"]),
            "processing_status": ReportStatus(row["processing_status"]),
        }
    )
