"""Key themes: the phrases of two or three words that a report repeats most often."""

import re
from collections import Counter
from collections.abc import Iterable

from adapters.analysis.lexicon.words import small_words
from domain.analysis import MAX_KEY_THEMES

WORD = re.compile(r"[a-z]+(?:-[a-z]+)*|[.,;:()]")
MIN_TIMES = 3
"""How often a phrase must occur in a long report; one time less in a shorter one."""
LONG_REPORT = 100
"""In sentences."""


def key_themes(sentences: Iterable[str]) -> tuple[str, ...]:
    """Return at most 50 phrases, the most frequent first.

    A phrase of two words is left out if nearly all of its occurrences are inside one phrase of three.
    """
    excluded = small_words("english") | small_words("no theme")
    counts: Counter[tuple[str, ...]] = Counter()
    sentence_list = list(sentences)
    for sentence in sentence_list:
        run: list[str] = []
        for word in [*WORD.findall(sentence.lower()), "."]:
            if len(word) > 2 and word not in excluded:
                run.append(word)
                continue
            for size in (2, 3):
                counts.update(tuple(run[start : start + size]) for start in range(len(run) - size + 1))
            run = []
    min_times = MIN_TIMES if len(sentence_list) >= LONG_REPORT else MIN_TIMES - 1
    frequent = {phrase: times for phrase, times in counts.items() if times >= min_times}
    inside = {
        part
        for phrase, times in frequent.items()
        if len(phrase) == 3
        for part in (phrase[:2], phrase[1:])
        if frequent.get(part, 0) <= 1.2 * times
    }
    ranked = sorted((-times, phrase) for phrase, times in frequent.items() if phrase not in inside)
    return tuple(" ".join(phrase) for _, phrase in ranked[:MAX_KEY_THEMES])
