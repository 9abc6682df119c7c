"""Uploading a report: detect its format, measure and hash it, store its bytes, all in bounded memory."""

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from application.errors import ApplicationError
from application.ports.clock import Clock, NewId
from application.ports.storage import Storage
from domain.reports import Report, ReportFormat, ReportType
from domain.statuses import ReportStatus

PIECE = 1024 * 1024
"""Bytes held in memory at once."""

Sniff = Callable[[bytes], ReportFormat | None]
"""Return the format of a file by its first bytes; None if it is not supported."""


class UnsupportedFormat(ApplicationError):
    def __init__(self) -> None:
        super().__init__("The file is neither HTML, inline XBRL, plain text nor PDF: convert it to one of these.")


class EmptyFile(ApplicationError):
    def __init__(self) -> None:
        super().__init__("The file is empty: check that it was saved and upload it again.")


class FileTooLarge(ApplicationError):
    def __init__(self, limit: int) -> None:
        super().__init__(f"The file is larger than {limit} bytes: upload the narrative part of the report alone.")


class Content(Protocol):
    """An uploaded file that can be read more than once."""

    async def read(self, size: int = -1, /) -> bytes: ...
    async def seek(self, offset: int, /) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """The details that the client gives about the file."""

    user_id: UUID
    report_type: ReportType
    company: str | None
    fiscal_period: str | None
    filing_date: date | None


class UploadReport:
    """The use case of an upload. `max_size` is in bytes."""

    def __init__(self, storage: Storage, sniff: Sniff, clock: Clock, new_id: NewId, max_size: int) -> None:
        self._storage, self._sniff, self._clock, self._new_id = storage, sniff, clock, new_id
        self._max_size = max_size

    async def __call__(self, details: Details, content: Content) -> Report:
        """Store the report. Raises EmptyFile, FileTooLarge, UnsupportedFormat or StorageUnavailable."""
        head, size, digest = b"", 0, hashlib.sha256()
        async for piece in _pieces(content):
            head = head or piece
            size += len(piece)
            digest.update(piece)
            if size > self._max_size:
                raise FileTooLarge(self._max_size)
        if not size:
            raise EmptyFile
        report_format = self._sniff(head)
        if report_format is None:
            raise UnsupportedFormat
        report = Report(
            report_id=self._new_id(),
            user_id=details.user_id,
            report_type=details.report_type,
            format=report_format,
            size=size,
            sha256=digest.digest(),
            company=details.company,
            fiscal_period=details.fiscal_period,
            filing_date=details.filing_date,
            processing_status=ReportStatus.PENDING,
            created_at=self._clock(),
        )
        async with self._storage.transaction() as tx:
            await tx.reports.add(report, _pieces(content))
        return report


async def _pieces(content: Content) -> AsyncIterator[bytes]:
    await content.seek(0)
    while piece := await content.read(PIECE):
        yield piece
