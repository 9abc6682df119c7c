"""Reads `words.txt`, whose head describes the format, and finds its entries in tokens."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

ENTRY = re.compile(r"(?P<text>[^=/]+?)(?:/(?P<form>[nv]))?(?:=(?P<weight>[\d.]+))?$")
LM_CATEGORIES = {"Positive": "positive", "Negative": "negative", "Uncertainty": "uncertain"}


@dataclass(frozen=True, slots=True)
class Entry:
    """`weight` is null where the category's own applies."""

    category: str
    weight: float | None


@dataclass(frozen=True, slots=True)
class Term:
    """A phrase found in a sentence: tokens from `start` up to `end`, and its entry in each category that it is in."""

    start: int
    end: int
    text: str
    entries: Mapping[str, Entry] = field(hash=False)

    def of(self, category: str) -> Entry | None:
        return self.entries.get(category)


class Lexicon:
    """Entries by their first word, the longest first; a phrase may stand in several categories."""

    def __init__(self, entries: Mapping[str, Sequence[Entry]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], Mapping[str, Entry]]]] = defaultdict(list)
        for text, found in entries.items():
            words = tuple(text.split())
            self._by_first[words[0]].append((words, {entry.category: entry for entry in found}))
        for phrases in self._by_first.values():
            phrases.sort(key=lambda phrase: len(phrase[0]), reverse=True)

    def find(self, tokens: Sequence[str]) -> Iterator[Term]:
        """The entries in lower-case tokens, without overlap, from left to right."""
        at = 0
        while at < len(tokens):
            for words, entries in self._by_first.get(tokens[at], ()):
                end = at + len(words)
                if len(words) == 1 or tuple(tokens[at:end]) == words:
                    yield Term(at, end, " ".join(words), entries)
                    at = end
                    break
            else:
                at += 1


def parse(text: str) -> dict[str, list[Entry]]:
    """The entries of a word list in our own format, inflected.

    Raises ValueError naming the line that is not in the format.
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
                raise ValueError(f"line {number}: {item!r} is no entry")
            weight = float(match["weight"]) if match["weight"] else None
            for form in _forms(match["text"].strip(), match["form"]):
                if all(entry.category != category for entry in entries[form]):
                    entries[form].append(Entry(category, weight))
    return entries


def _forms(word: str, form: str | None) -> Sequence[str]:
    if form is None:
        return [word]
    consonant_y = word.endswith("y") and word[-2] not in "aeiou"
    plural = word[:-1] + "ies" if consonant_y else word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")
    if form == "n":
        return [word, plural]
    past = word[:-1] + "ied" if consonant_y else word + ("d" if word.endswith("e") else "ed")
    doing = word.removesuffix("e") + "ing" if not word.endswith("ee") else word + "ing"
    doubled = [word + word[-1] + "ed", word + word[-1] + "ing"] if re.search(r"[^aeiou][aeiou][pmtn]$", word) else []
    return [word, plural, past, doing, *doubled]


@cache
def small_words(category: str) -> frozenset[str]:
    """The words of one category of `small_words.txt`."""
    entries = parse((files("adapters.analysis") / "lexicon" / "small_words.txt").read_text(encoding="utf-8"))
    return frozenset(text for text, found in entries.items() if any(entry.category == category for entry in found))


@cache
def shipped_lexicon() -> Lexicon:
    """The word list that comes with the package."""
    return Lexicon(parse((files("adapters.analysis") / "lexicon" / "words.txt").read_text(encoding="utf-8")))


def with_loughran_mcdonald(path: Path) -> Lexicon:
    """The shipped list with the single words of tone and doubt replaced by a copy of the Loughran-McDonald list.

    `path` is its master dictionary as CSV (columns Word, Negative, Positive, Uncertainty, ...). Measures, directions,
    phrases and risks stay ours. Raises OSError, or ValueError for another kind of file.
    """
    shipped = parse((files("adapters.analysis") / "lexicon" / "words.txt").read_text(encoding="utf-8"))
    replaced = set(LM_CATEGORIES.values())
    entries = {
        text: [entry for entry in found if " " in text or entry.category not in replaced]
        for text, found in shipped.items()
    }
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if missing := {"Word", *LM_CATEGORIES} - set(rows.fieldnames or ()):
            raise ValueError(
                f"{path} is no Loughran-McDonald master dictionary: no column {', '.join(sorted(missing))}"
            )
        for row in rows:
            for column, category in LM_CATEGORIES.items():
                if row[column].strip() not in ("", "0"):
                    entries.setdefault(row["Word"].lower(), []).append(Entry(category, None))
    return Lexicon({text: found for text, found in entries.items() if found})
