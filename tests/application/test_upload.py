"""Uploading: the report is measured, hashed and stored, or refused."""

import hashlib
from datetime import date
from io import BytesIO

import pytest

from application.errors import ApplicationError
from application.upload import PIECE, Details, EmptyFile, FileTooLarge, UnsupportedFormat, UploadReport
from domain.reports import ReportFormat, ReportType
from domain.statuses import ReportStatus
from tests.application.batches import USER
from tests.application.conftest import World
from tests.support.builders import NOON, TEXT

DETAILS = Details(
    user_id=USER,
    report_type=ReportType.TEN_Q,
    company="Example Inc.",
    fiscal_period="Q1",
    filing_date=date(2026, 3, 3),
)


class File:
    """An uploaded file in memory; remembers the largest piece that was read."""

    def __init__(self, content: bytes) -> None:
        self._file, self.largest_piece = BytesIO(content), 0

    async def read(self, size: int = -1, /) -> bytes:
        piece = self._file.read(size)
        self.largest_piece = max(self.largest_piece, len(piece))
        return piece

    async def seek(self, offset: int, /) -> object:
        return self._file.seek(offset)


def uploading(world: World, max_size: int = 10 * PIECE) -> UploadReport:
    return UploadReport(world.storage, sniffed, world.clock, world.new_id, max_size)


def sniffed(head: bytes) -> ReportFormat | None:
    return ReportFormat.TEXT if head.startswith(TEXT[:10]) else None


async def test_an_upload_is_stored_with_its_details_size_and_hash(world: World) -> None:
    report = await uploading(world)(DETAILS, File(TEXT))
    assert (report.user_id, report.report_type, report.format) == (USER, ReportType.TEN_Q, ReportFormat.TEXT)
    assert (report.company, report.fiscal_period, report.filing_date) == ("Example Inc.", "Q1", date(2026, 3, 3))
    assert (report.size, report.sha256) == (len(TEXT), hashlib.sha256(TEXT).digest())
    assert (report.processing_status, report.created_at) == (ReportStatus.PENDING, NOON)
    async with world.storage.transaction() as tx:
        assert await tx.reports.get(report.report_id) == report
        assert await tx.reports.content(report.report_id) == TEXT


async def test_a_large_upload_is_read_in_bounded_pieces(world: World) -> None:
    content = TEXT + bytes(2 * PIECE)
    file = File(content)
    report = await uploading(world)(DETAILS, file)
    assert file.largest_piece == PIECE
    assert world.storage.state.contents[report.report_id] == content


@pytest.mark.parametrize(
    ("content", "refusal"),
    [(b"", EmptyFile), (TEXT + bytes(1000), FileTooLarge), (b"\x89PNG", UnsupportedFormat)],
    ids=["empty", "too large", "of another kind"],
)
async def test_a_refused_upload_stores_nothing(world: World, content: bytes, refusal: type[ApplicationError]) -> None:
    with pytest.raises(refusal):
        await uploading(world, max_size=1000)(DETAILS, File(content))
    assert world.storage.state.reports == {}
