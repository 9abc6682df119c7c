"""The tone of a sentence follows from its meaning, not from single words."""

from collections import Counter
from pathlib import Path

import pytest

from adapters.analysis.lexicon import shipped_lexicon
from adapters.analysis.lexicon.words import parse, with_loughran_mcdonald
from adapters.analysis.tone import tone_of

LABELLED = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "sentences.tsv").read_text(encoding="utf-8").splitlines()
]
LABELS = ("positive", "neutral", "negative")


def label(sentence: str) -> str:
    return tone_of(sentence, shipped_lexicon()).label


def macro_f1(pairs: list[tuple[str, str]]) -> float:
    """Return the macro-averaged F1 of (true, predicted) labels."""
    counts = Counter(pairs)
    scores = []
    for name in LABELS:
        hits = counts[name, name]
        predicted = sum(counts[other, name] for other in LABELS)
        true = sum(counts[name, other] for other in LABELS)
        scores.append(2 * hits / (predicted + true))
    return sum(scores) / len(scores)


def test_sentences_of_business_news_are_classified_with_a_macro_f1_above_085() -> None:
    assert macro_f1([(true, label(sentence)) for true, sentence in LABELLED]) > 0.85


def test_labelling_every_sentence_neutral_gives_a_low_macro_f1() -> None:
    assert macro_f1([(true, "neutral") for true, _ in LABELLED]) < 0.3


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Operating profit rose.", "positive"),
        ("Losses narrowed.", "positive"),
        ("Sales fell.", "negative"),
        ("The company issued a profit warning.", "negative"),
        ("The company has 50 employees.", "neutral"),
        ("Costs fell.", "positive"),
        ("Costs rose.", "negative"),
        ("Losses widened.", "negative"),
        ("Profit was EUR 5.0 million, compared with EUR 4.0 million.", "positive"),
        ("Profit was EUR 4.0 million, compared with EUR 5.0 million.", "negative"),
        ("The loss was EUR 4.0 million, compared with a loss of EUR 5.0 million.", "positive"),
        ("The loss was EUR 4.0 million, compared with a profit of EUR 5.0 million.", "negative"),
        ("There was a profit of EUR 4.0 million, compared with a loss of EUR 5.0 million.", "positive"),
    ],
)
def test_the_label_follows_direction_measure_and_comparison(sentence: str, expected: str) -> None:
    assert label(sentence) == expected


def test_a_negation_reverses_the_tone() -> None:
    assert tone_of("Demand was strong.", shipped_lexicon()).polarity > 0
    assert tone_of("Demand was not strong.", shipped_lexicon()).polarity < 0


def test_a_possibility_is_weaker_and_more_uncertain_than_a_fact() -> None:
    fact = tone_of("Our sales fell.", shipped_lexicon())
    possibility = tone_of("Our sales might fall.", shipped_lexicon())
    assert fact.polarity < possibility.polarity < 0
    assert possibility.uncertainty > fact.uncertainty


def test_a_tone_lists_the_words_that_caused_it() -> None:
    tone = tone_of("Operating profit rose, while sales fell.", shipped_lexicon())
    assert [driver.text for driver in tone.drivers] == ["operating profit rose", "sales fell"]


def test_the_polarity_of_any_text_is_between_minus_one_and_one() -> None:
    for text in ("", " ", "…", "1 2 3", "compared to", "from from from 1.0 2.0", "é" * 500, "loss " * 3000):
        assert -1 <= tone_of(text, shipped_lexicon()).polarity <= 1


def test_a_malformed_word_list_is_refused_with_the_line_number() -> None:
    assert set(parse("[up]\nrise/v, climb\n")) >= {"rise", "rises", "rised", "rising", "climb"}
    with pytest.raises(ValueError, match="line 2"):
        parse("[up]\nrise/q\n")


def test_the_loughran_mcdonald_list_replaces_the_single_words_of_tone(tmp_path: Path) -> None:
    copy = tmp_path / "lm.csv"
    copy.write_text("Word,Negative,Positive,Uncertainty\nLACKLUSTRE,2009,0,0\nSTRONG,0,0,0\n")
    lexicon = with_loughran_mcdonald(copy)
    assert tone_of("It was lacklustre.", lexicon).label == "negative"
    assert tone_of("It was strong.", lexicon).label == "neutral"
    assert tone_of("Sales fell.", lexicon).label == "negative"
    copy.write_text("Term\nX\n")
    with pytest.raises(ValueError, match="not a Loughran-McDonald"):
        with_loughran_mcdonald(copy)
