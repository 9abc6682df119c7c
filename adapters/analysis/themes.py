"""Key themes: the phrases of two or three words that a report comes back to."""

import re
from collections import Counter
from collections.abc import Iterable

from adapters.analysis.lexicon.words import small_words
from domain.analysis import MAX_KEY_THEMES

WORD = re.compile(r"[a-z]+(?:-[a-z]+)*|[.,;:()]")
MIN_TIMES = 3
LONG_TEXT = 100
"""Sentences from which on a phrase must come back more than once."""


def key_themes(sentences: Iterable[str]) -> tuple[str, ...]:
    """At most fifty, the most frequent first; a phrase within a longer one that is as frequent is left out."""
    meaningless = small_words("english") | small_words("no theme")
    counted: Counter[tuple[str, ...]] = Counter()
    read = list(sentences)
    for sentence in read:
        run: list[str] = []
        for word in [*WORD.findall(sentence.lower()), "."]:
            if len(word) > 2 and word not in meaningless:
                run.append(word)
                continue
            for size in (2, 3):
                counted.update(tuple(run[at : at + size]) for at in range(len(run) - size + 1))
            run = []
    enough = MIN_TIMES if len(read) >= LONG_TEXT else MIN_TIMES - 1
    frequent = {phrase: times for phrase, times in counted.items() if times >= enough}
    inside = {
        part
        for phrase, times in frequent.items()
        if len(phrase) == 3
        for part in (phrase[:2], phrase[1:])
        if frequent.get(part, 0) <= 1.2 * times
    }
    ranked = sorted((-times, phrase) for phrase, times in frequent.items() if phrase not in inside)
    return tuple(" ".join(phrase) for _, phrase in ranked[:MAX_KEY_THEMES])
