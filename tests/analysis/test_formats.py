"""The text and figures of every format are extracted, and an unreadable report fails with a code."""

import time
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.analysis.decode import decode
from adapters.analysis.html import CUT_OFF, read_html
from adapters.analysis.lexicon_analyzer import analyze
from adapters.analysis.plain import read_plain
from adapters.analysis.sections import sections
from adapters.analysis.sentences import sentences
from adapters.analysis.sniff import sniff
from adapters.analysis.submission import narrative_documents
from application.errors import ReportUnreadable
from domain.failures import FailureCode
from domain.reports import ReportFormat
from tests.support.builders import TEXT

SAMPLES = Path(__file__).parents[2] / "samples"
AURORA = (SAMPLES / "good" / "aurora_instruments_10k.html").read_bytes()


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"%PDF-1.7\n", ReportFormat.PDF),
        (b"\n\n  %PDF-1.4", ReportFormat.PDF),
        (b"<!DOCTYPE html><html>", ReportFormat.HTML),
        (b"<HTML><HEAD>", ReportFormat.HTML),
        (b'<html xmlns:ix="http://www.xbrl.org/2013/inlineXBRL">', ReportFormat.IXBRL),
        (b"ITEM 1. BUSINESS", ReportFormat.TEXT),
        (b"-----BEGIN PRIVACY-ENHANCED MESSAGE-----", ReportFormat.TEXT),
        ("Größe".encode("utf-16"), ReportFormat.TEXT),
        (b"\x93quoted\x94 in windows-1252", ReportFormat.TEXT),
        (b"PK\x03\x04", None),
        (b"\x7fELF\x00\x00", None),
        (b"\x01\x02\x03\x04\x05\x06", None),
    ],
)
def test_the_format_is_detected_from_the_bytes(head: bytes, expected: ReportFormat | None) -> None:
    assert sniff(head) is expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("the company’s".encode(), "the company’s"),
        ("\ufeffthe company’s".encode(), "the company’s"),
        ("the company’s".encode("utf-16"), "the company’s"),
        ("the company’s".encode("cp1252"), "the company’s"),
        (b'<meta charset="iso-8859-1">' + "’".encode("cp1252"), '<meta charset="iso-8859-1">’'),
        (b'<?xml encoding="koi8-r"?>' + "да".encode("koi8-r"), '<?xml encoding="koi8-r"?>да'),
        (b'<meta charset="nonsense">\x92', '<meta charset="nonsense">’'),
        (b'<meta charset="hex">\x92', '<meta charset="hex">’'),
        (b'<meta charset="undefined">\x92', '<meta charset="undefined">’'),
    ],
)
def test_the_encoding_is_detected(content: bytes, expected: str) -> None:
    assert decode(content) == expected


def test_html_gives_its_visible_text() -> None:
    page = """<html><head><title>No</title><style>no</style></head><body>
    <p>One <b>bold</b>&nbsp;word.</p><p style="DISPLAY : none">hidden</p><script>no()</script>
    <div>Two<br>lines</div><ix:header><ix:hidden>hidden too</ix:hidden></ix:header>
    <table><tr><td>Revenue</td><td>1,234</td></tr>
    <tr><td>This cell is a paragraph of its own, because layout tables hold whole paragraphs of text.</td></tr></table>
    after</body></html>"""
    assert list(read_html(page).paragraphs) == [
        "One bold word.",
        "Two",
        "lines",
        "This cell is a paragraph of its own, because layout tables hold whole paragraphs of text.",
        "after",
    ]


def test_truncated_html_is_read_with_a_warning() -> None:
    whole = AURORA.decode()
    assert read_html(whole).warnings == ()
    assert CUT_OFF in read_html(whole[: whole.index("Item 7.") + 20]).warnings
    assert CUT_OFF in read_html(whole[: whole.index("<table>") + 3]).warnings


def test_deeply_nested_and_malformed_html_is_read() -> None:
    assert list(read_html("<div>" * 1000 + "deep").paragraphs) == ["deep"]
    assert "a" in read_html("<p>a<table><p>b</span></div><td>c").paragraphs


def test_lines_of_plain_text_are_joined_and_tables_are_left_out() -> None:
    text = (
        "ITEM 1. BUSINESS\n\nThe company makes\nvalves.\n<PAGE>   7\n\n    -12-\n\n"
        "Revenue     1,234     5,678\n\nIt sells\nthem.\n"
    )
    assert list(read_plain(text).paragraphs) == ["ITEM 1. BUSINESS", "The company makes valves.", "It sells them."]


def test_a_submission_gives_its_narrative_documents() -> None:
    submission = (SAMPLES / "good" / "meridian_rail_8k_1997.txt").read_text()
    (main,) = narrative_documents(submission)
    assert "twenty years" in main
    assert "MIC-Info" not in main
    assert "begin 644" not in main
    assert narrative_documents("not a submission") == ["not a submission"]


def test_sections_are_located_at_their_headings_and_not_in_the_table_of_contents() -> None:
    located = sections(list(read_html(AURORA.decode()).paragraphs))
    text = "\n".join(read_html(AURORA.decode()).paragraphs)
    assert list(located) == ["risk_factors", "business", "mdna"]
    assert text[located["mdna"].start : located["mdna"].end].startswith("Item 7. Management's Discussion")
    assert "expanding our plant" in text[located["mdna"].start : located["mdna"].end]
    contents = ["Item 1. Business", "Item 7. Management's Discussion and Analysis", "Item 8. Statements"]
    assert sections(contents) == {}


def test_a_full_stop_after_an_abbreviation_does_not_end_a_sentence() -> None:
    text = "Sales of Acme Inc. rose 3.5 percent. “Good,” said Mr. Ito. (It was.) U.S. sales fell."
    assert list(sentences(text)) == [
        "Sales of Acme Inc. rose 3.5 percent.",
        "“Good,” said Mr. Ito.",
        "(It was.)",
        "U.S. sales fell.",
    ]
    assert max(len(piece.split()) for piece in sentences("word " * 5000)) <= 120


@pytest.mark.parametrize(
    "filler", [b")", b"a", b"a'", b"a-", b". ", b"<", b"<div>", b" ", b"1,234 ", b"item 1 ", b"<?xml", b"&amp;"]
)
def test_a_megabyte_of_filler_is_analysed_within_five_seconds(filler: bytes) -> None:
    content = TEXT + filler * (1_000_000 // len(filler)) + TEXT
    report_format = sniff(content)
    assert report_format is not None
    began = time.monotonic()
    with suppress(ReportUnreadable):
        analyze(content, report_format)
    assert time.monotonic() - began < 5


def test_tagged_figures_are_read_with_their_growth() -> None:
    metrics = analyze(AURORA, ReportFormat.IXBRL).analysis.financial_metrics
    assert metrics is not None
    assert (metrics.revenue, metrics.net_income, metrics.currency) == (412_600_000, 61_300_000, "USD")
    assert metrics.revenue_growth == pytest.approx(0.2402, abs=1e-4)
    assert metrics.net_income_growth == pytest.approx(0.4561, abs=1e-4)
    assert metrics.period_end == "2025-12-31"


@pytest.mark.parametrize("value", [b"four hundred", b"nan", b"inf", b"1e400", b"9" * 5000])
def test_malformed_xbrl_costs_the_figures_and_gives_a_warning(value: bytes) -> None:
    broken = AURORA.replace(b">412,600<", b">" + value + b"<")
    analysis = analyze(broken, ReportFormat.IXBRL).analysis
    assert analysis.financial_metrics is None
    assert "malformed" in analysis.warnings[0]
    assert analysis.optimism_score > 0.6


@pytest.mark.parametrize(
    ("content", "report_format", "code"),
    [
        (b"<html><table><tr><td>1,234</td></tr></table></html>", ReportFormat.HTML, FailureCode.NO_NARRATIVE_TEXT),
        (b"<html></html>", ReportFormat.HTML, FailureCode.NO_NARRATIVE_TEXT),
        (b"Too short.", ReportFormat.TEXT, FailureCode.NO_NARRATIVE_TEXT),
        (b"%PDF-1.4 nothing", ReportFormat.PDF, FailureCode.CORRUPTED_FILE),
        ("公司的收入增长了百分之十。".encode() * 30, ReportFormat.TEXT, FailureCode.UNSUPPORTED_LANGUAGE),
        (
            "La société a vu son chiffre d'affaires croître de dix pour cent et les coûts sont restés stables dans "
            "tous les pays où elle est présente, ce qui est une bonne nouvelle pour les actionnaires.".encode(),
            ReportFormat.TEXT,
            FailureCode.UNSUPPORTED_LANGUAGE,
        ),
    ],
)
def test_a_report_without_english_narrative_fails_with_a_code(
    content: bytes, report_format: ReportFormat, code: FailureCode
) -> None:
    with pytest.raises(ReportUnreadable) as failure:
        analyze(content, report_format)
    assert failure.value.code is code


def test_a_pdf_with_a_password_fails_with_password_protected() -> None:
    locked = Path(__file__).parent / "locked.pdf"
    with pytest.raises(ReportUnreadable) as failure:
        analyze(locked.read_bytes(), ReportFormat.PDF)
    assert failure.value.code is FailureCode.PASSWORD_PROTECTED


@pytest.mark.parametrize("unprintable", ["\x00", "\x0b", "&#xD800;", "&#0;", "\uffff"])
def test_characters_that_a_database_cannot_store_are_left_out(unprintable: str) -> None:
    text = (
        f"<html><p>Bankruptcy{unprintable} threatens the company, and a lawsuit was filed. "
        + TEXT.decode()
        + "</p></html>"
    )
    for content, report_format in ((text.encode(), ReportFormat.HTML), (text[6:].encode("utf-16"), ReportFormat.TEXT)):
        analysis = analyze(content, report_format).analysis
        quoted = [indicator.text for indicator in analysis.risk_indicators]
        assert quoted
        assert all(char.isprintable() or char == " " for text in quoted for char in text)


REPETITIONS = 200_000


@pytest.mark.parametrize(
    ("before", "repeated", "report_format"),
    [
        ("", "sales,rose,", ReportFormat.TEXT),
        ("", "<TABLE>\n", ReportFormat.TEXT),
        ("<SUBMISSION><DOCUMENT><TYPE>10-K<TEXT>", "begin 644 x\n", ReportFormat.TEXT),
        ("", "<DOCUMENT>", ReportFormat.TEXT),
        ("<html><body>", "<div>", ReportFormat.HTML),
        ("<html><body>", "<", ReportFormat.HTML),
    ],
    ids=["commas", "tables", "uuencoded", "documents", "nesting", "brackets"],
)
def test_repeated_markup_is_analysed_in_linear_time(before: str, repeated: str, report_format: ReportFormat) -> None:
    """Quadratic time would be hours instead of seconds."""
    began = time.monotonic()
    with suppress(ReportUnreadable):
        analyze((before + 3 * TEXT.decode() + REPETITIONS * repeated).encode(), report_format)
    assert time.monotonic() - began < 10


def test_markup_nested_too_deeply_for_the_parser_is_read_as_text_with_a_warning() -> None:
    deep = b"<html><body><script>var x</script>" + b"<div>" * 9000 + 3 * TEXT + b"</div>" * 9000 + b"</body></html>"
    analysis = analyze(deep, ReportFormat.HTML).analysis
    assert analysis.optimism_score == analyze(3 * TEXT, ReportFormat.TEXT).analysis.optimism_score
    assert "nested" in analysis.warnings[0]


def test_the_same_bytes_give_the_same_analysis() -> None:
    ticks = iter(range(100))
    one, two = (analyze(AURORA, ReportFormat.IXBRL, stopwatch=lambda: float(next(ticks))).analysis for _ in range(2))
    assert one == two


def test_the_scores_of_the_samples_follow_their_content() -> None:
    good = SAMPLES / "good"
    optimistic = analyze(AURORA, ReportFormat.IXBRL).analysis
    troubled = analyze((good / "harrow_mining_10q.html").read_bytes(), ReportFormat.HTML).analysis
    neutral = analyze((good / "lakeside_water_annual_report.pdf").read_bytes(), ReportFormat.PDF).analysis
    assert optimistic.optimism_score > neutral.optimism_score > troubled.optimism_score
    assert troubled.risk_score > 0.5 > neutral.risk_score
    assert troubled.risk_indicators[0].type == "going concern"


def test_a_short_text_gets_no_extreme_score_and_low_confidence() -> None:
    analysis = analyze(TEXT, ReportFormat.TEXT).analysis
    assert 0.5 < analysis.optimism_score < 0.8
    assert analysis.low_confidence
