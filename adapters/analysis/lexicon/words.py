"""Parsing of word lists, and the search for their entries in tokens. The head of `words.txt` describes the format."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

ENTRY = re.compile(r"(?P<text>[^=/]+?)(?:/(?P<form>[nv]))?(?:=(?P<weight>[\d.]+))?$")
LOUGHRAN_MCDONALD_CATEGORIES = {"Positive": "positive", "Negative": "negative", "Uncertainty": "uncertain"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A word or phrase in one category; `weight` is None if the word list gives none."""

    category: str
    weight: float | None

    @property
    def weight_or_one(self) -> float:
        return 1.0 if self.weight is None else self.weight


@dataclass(frozen=True, slots=True)
class Term:
    """An occurrence of a phrase: tokens `start` to `end` (exclusive) of a sentence, with its entries by category."""

    start: int
    end: int
    text: str
    entries: Mapping[str, Entry] = field(hash=False)

    def of(self, category: str) -> Entry | None:
        """Return the entry of the phrase in a category, or None."""
        return self.entries.get(category)


class Lexicon:
    """A word list, indexed by the first word of each phrase. A phrase may be in several categories."""

    def __init__(self, entries: Mapping[str, Sequence[Entry]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], Mapping[str, Entry]]]] = defaultdict(list)
        for text, phrase_entries in entries.items():
            words = tuple(text.split())
            self._by_first[words[0]].append((words, {entry.category: entry for entry in phrase_entries}))
        for phrases in self._by_first.values():
            phrases.sort(key=lambda phrase: len(phrase[0]), reverse=True)

    def find(self, tokens: Sequence[str]) -> Iterator[Term]:
        """Yield the phrases in lower-case tokens from left to right, the longest at each place, without overlap."""
        start = 0
        while start < len(tokens):
            for words, entries in self._by_first.get(tokens[start], ()):
                end = start + len(words)
                if len(words) == 1 or tuple(tokens[start:end]) == words:
                    yield Term(start, end, " ".join(words), entries)
                    start = end
                    break
            else:
                start += 1


def parse(text: str) -> dict[str, list[Entry]]:
    """Return the entries of a word list in the format of `words.txt`, by inflected form.

    Raises ValueError with the number of the first malformed line.
    """
    entries: dict[str, list[Entry]] = defaultdict(list)
    category = ""
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.partition("#")[0].strip()
        if line.startswith("["):
            category = line.strip("[]")
            continue
        for item in filter(None, (item.strip() for item in line.split(","))):
            match = ENTRY.fullmatch(item)
            if match is None or not category:
                raise ValueError(f"line {number}: {item!r} is not an entry of a word list")
            weight = float(match["weight"]) if match["weight"] else None
            for form in _forms(match["text"].strip(), match["form"]):
                if all(entry.category != category for entry in entries[form]):
                    entries[form].append(Entry(category, weight))
    return entries


def _forms(word: str, part_of_speech: str | None) -> Sequence[str]:
    """Return the inflected forms of a regular noun ("n") or verb ("v"), or the word itself."""
    if part_of_speech is None:
        return [word]
    consonant_y = word.endswith("y") and word[-2] not in "aeiou"
    plural = word[:-1] + "ies" if consonant_y else word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")
    if part_of_speech == "n":
        return [word, plural]
    past = word[:-1] + "ied" if consonant_y else word + ("d" if word.endswith("e") else "ed")
    participle = word.removesuffix("e") + "ing" if not word.endswith("ee") else word + "ing"
    doubled = [word + word[-1] + "ed", word + word[-1] + "ing"] if re.search(r"[^aeiou][aeiou][pmtn]$", word) else []
    return [word, plural, past, participle, *doubled]


@cache
def small_words(category: str) -> frozenset[str]:
    """Return the words of one category of `small_words.txt`."""
    entries = parse((files("adapters.analysis") / "lexicon" / "small_words.txt").read_text(encoding="utf-8"))
    return frozenset(
        word for word, categories in entries.items() if any(entry.category == category for entry in categories)
    )


@cache
def shipped_lexicon() -> Lexicon:
    """Return the word list of the package, `words.txt`."""
    return Lexicon(parse((files("adapters.analysis") / "lexicon" / "words.txt").read_text(encoding="utf-8")))


def with_loughran_mcdonald(path: Path) -> Lexicon:
    """Return the shipped word list with its single words of tone and doubt replaced by the Loughran-McDonald list.

    `path` is the Loughran-McDonald master dictionary as CSV (columns Word, Negative, Positive, Uncertainty, ...).
    Measures, directions, phrases and risks come from the shipped list. Raises OSError, or ValueError if the file is not
    such a dictionary.
    """
    shipped = parse((files("adapters.analysis") / "lexicon" / "words.txt").read_text(encoding="utf-8"))
    replaced = set(LOUGHRAN_MCDONALD_CATEGORIES.values())
    entries = {
        text: [entry for entry in shipped_entries if " " in text or entry.category not in replaced]
        for text, shipped_entries in shipped.items()
    }
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if missing := {"Word", *LOUGHRAN_MCDONALD_CATEGORIES} - set(rows.fieldnames or ()):
            columns = ", ".join(sorted(missing))
            raise ValueError(f"{path} is not a Loughran-McDonald master dictionary: it has no column {columns}")
        for row in rows:
            for column, category in LOUGHRAN_MCDONALD_CATEGORIES.items():
                if row[column].strip() not in ("", "0"):
                    entries.setdefault(row["Word"].lower(), []).append(Entry(category, None))
    return Lexicon({text: text_entries for text, text_entries in entries.items() if text_entries})
