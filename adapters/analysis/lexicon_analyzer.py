"""The analysis of one report from its bytes. The same bytes and word list always give the same analysis."""

import hashlib
import re
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from adapters.analysis.decode import decode
from adapters.analysis.document import Document, is_prose
from adapters.analysis.html import read_html
from adapters.analysis.language import is_english
from adapters.analysis.lexicon import Lexicon, shipped_lexicon
from adapters.analysis.lexicon.words import with_loughran_mcdonald
from adapters.analysis.pdf import read_pdf
from adapters.analysis.plain import read_plain
from adapters.analysis.scores import Sentence, driving_sentences, risk_indicators, scores
from adapters.analysis.sections import sections
from adapters.analysis.sentences import sentences
from adapters.analysis.sniff import HTML
from adapters.analysis.submission import narrative_documents
from adapters.analysis.themes import key_themes
from adapters.analysis.tone import Tone, tone_of
from application.errors import ReportUnreadable
from domain.analysis import LOW_CONFIDENCE, NarrativeAnalysis, NarrativeSection
from domain.failures import FailureCode
from domain.reports import ReportFormat

VERSION = "lexicon-1"
WORD = re.compile(r"[a-z]+")
MIN_WORDS = 30
MIN_WORDS_IN_SENTENCE = 4
LANGUAGE_SAMPLE = 20_000
"""The number of words, and of characters, that decide the language."""
LAST_LATIN = "\u024f"
"""The last letter of the Latin script in Unicode's first blocks."""
HEDGE = re.compile(r"\b(?:may|might|could|can|would|if|potential|potentially|possible|any)\b", re.IGNORECASE)
BOILERPLATE = re.compile(
    r"forward-looking statement|safe harbor|private securities litigation reform act|"
    r"incorporated (?:herein )?by reference|"
    r"accounting standards (?:update|codification)|\bfasb\b|\basu\b|exhibit \d|indicate by check mark|"
    r"pursuant to the requirements of the securities|hereunto duly authorized",
    re.IGNORECASE,
)
MAX_DRIVERS = 8
FORMAT_SAMPLE = 65_536
"""The number of characters in which an HTML tag makes a document HTML."""
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Control characters, surrogates and noncharacters; PostgreSQL's jsonb refuses some of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """An analysis with the sentences that moved its scores most."""

    analysis: NarrativeAnalysis
    drivers: Sequence[Sentence]


@cache
def lexicon_at(path: Path | None) -> tuple[Lexicon, str]:
    """Return the word list with the model version, which contains the list's hash.

    `path` is a Loughran-McDonald master dictionary; None selects the shipped word list. Raises OSError or ValueError
    if the list cannot be read.
    """
    if path is None:
        words = (files("adapters.analysis") / "lexicon" / "words.txt").read_bytes()
        return shipped_lexicon(), f"{VERSION}+{hashlib.sha256(words).hexdigest()[:8]}"
    return with_loughran_mcdonald(path), f"{VERSION}+{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"


def analyze(
    content: bytes,
    report_format: ReportFormat,
    lexicon_path: Path | None = None,
    stopwatch: Callable[[], float] = time.perf_counter,
) -> Explained:
    """Analyse the bytes of one report. `stopwatch` returns seconds.

    Raises ReportUnreadable if the report has no English narrative or cannot be read.
    """
    began = stopwatch()
    lexicon, model_version = lexicon_at(lexicon_path)
    document = _document(content, report_format)
    _must_be_english_narrative(document.paragraphs)
    narrative_sections = sections(document.paragraphs)
    sentences_read = list(_sentences(document.paragraphs, narrative_sections, lexicon))
    if sum(len(sentence.text.split()) for sentence in sentences_read) < MIN_WORDS:
        raise ReportUnreadable(FailureCode.NO_NARRATIVE_TEXT)
    analysis = _analysis(document, narrative_sections, sentences_read, model_version)
    analysis = replace(analysis, processing_time_seconds=round(stopwatch() - began, 3))
    return Explained(analysis=analysis, drivers=driving_sentences(sentences_read, MAX_DRIVERS))


def _analysis(
    document: Document,
    narrative_sections: Mapping[str, NarrativeSection],
    sentences_read: Sequence[Sentence],
    model_version: str,
) -> NarrativeAnalysis:
    """Return the analysis with a processing time of 0."""
    result = scores(sentences_read)
    confidences = (result.optimism_confidence, result.risk_confidence, result.uncertainty_confidence)
    return NarrativeAnalysis(
        optimism_score=result.optimism,
        optimism_confidence=result.optimism_confidence,
        risk_score=result.risk,
        risk_confidence=result.risk_confidence,
        uncertainty_score=result.uncertainty,
        uncertainty_confidence=result.uncertainty_confidence,
        low_confidence=min(confidences) < LOW_CONFIDENCE,
        key_themes=key_themes(sentence.text for sentence in sentences_read),
        risk_indicators=risk_indicators(sentences_read),
        narrative_sections=narrative_sections,
        financial_metrics=document.metrics,
        processing_time_seconds=0.0,
        model_version=model_version,
        warnings=document.warnings,
    )


def analyze_sentence(text: str, lexicon_path: Path | None = None) -> Tone:
    """Return the tone of one sentence by the word list at `lexicon_path`; None selects the shipped list."""
    return tone_of(text, lexicon_at(lexicon_path)[0])


def _document(content: bytes, report_format: ReportFormat) -> Document:
    """Return the text of a report; several documents of an EDGAR submission are joined."""
    if report_format is ReportFormat.PDF:
        parts = [read_pdf(content)]
    else:
        parts = [
            read_html(part) if HTML.search(part[:FORMAT_SAMPLE].encode("utf-8", "replace")) else read_plain(part)
            for part in narrative_documents(decode(content))
        ]
    return Document(
        paragraphs=[UNPRINTABLE.sub(" ", paragraph) for part in parts for paragraph in part.paragraphs],
        metrics=next((part.metrics for part in parts if part.metrics), None),
        warnings=tuple(dict.fromkeys(warning for part in parts for warning in part.warnings)),
    )


def _must_be_english_narrative(paragraphs: Sequence[str]) -> None:
    """Raise ReportUnreadable: UNSUPPORTED_LANGUAGE, NO_NARRATIVE_TEXT."""
    prose = " ".join(paragraph for paragraph in paragraphs if is_prose(paragraph, MIN_WORDS_IN_SENTENCE)).lower()
    words = WORD.findall(prose)[:LANGUAGE_SAMPLE]
    letters = [char for char in "".join(paragraphs)[:LANGUAGE_SAMPLE] if char.isalpha()]
    if sum(char > LAST_LATIN for char in letters) > max(MIN_WORDS, len(letters) / 2):
        raise ReportUnreadable(FailureCode.UNSUPPORTED_LANGUAGE)
    if len(words) < MIN_WORDS:
        raise ReportUnreadable(FailureCode.NO_NARRATIVE_TEXT)
    if not is_english(words):
        raise ReportUnreadable(FailureCode.UNSUPPORTED_LANGUAGE)


def _sentences(
    paragraphs: Sequence[str], narrative_sections: Mapping[str, NarrativeSection], lexicon: Lexicon
) -> Iterator[Sentence]:
    """Yield each sentence once with its section and tone, except legal boilerplate and text that is not prose."""
    spans = sorted((section.start, section.end, name) for name, section in narrative_sections.items())
    starts = [start for start, _, _ in spans]
    seen: set[str] = set()
    offset = 0
    for paragraph in paragraphs:
        index = bisect_right(starts, offset) - 1
        section = spans[index][2] if index >= 0 and offset < spans[index][1] else None
        offset += len(paragraph) + 1
        for text in sentences(paragraph):
            if text in seen or not is_prose(text, MIN_WORDS_IN_SENTENCE) or BOILERPLATE.search(text):
                continue
            seen.add(text)
            yield Sentence(text, section, tone_of(text, lexicon), bool(HEDGE.search(text)))
