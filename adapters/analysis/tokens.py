"""A sentence as tokens, with the clauses and the amounts of money or percent among the tokens."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

WORD = r"[a-z]+(?:[-'][a-z]+)*"
TOKEN = re.compile(rf"{WORD}|[-+]?\d[\d,]*(?:\.\d+)?|[%$€£(),;:.]")
POSSESSIVE = re.compile(r" ?'s\b")
CLAUSE_STARTS = {";", ":", "but", "while", "whereas", "although", "though", "however", "despite", "because"}
SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mln": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
CURRENCIES = {"eur", "euro", "euros", "usd", "$", "€", "£", "gbp", "sek", "dollars", "eek", "lvl", "ltl", "rs", "cents"}
PERCENT = {"%", "pct", "percent", "per"}


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money, or a percentage. `token` is the index of its number, `unit` is "amount" or "%"."""

    token: int
    value: float
    unit: str


def tokens_of(sentence: str) -> list[str]:
    """Return the words, numbers and punctuation marks of a sentence in lower case, without possessives."""
    text = sentence.lower().replace("’", "'").replace("``", "").replace("''", "")
    text = re.sub(r"(?<=[a-z\d])\s+([.,])\s?(?=\d)", r"\1", re.sub(r"(?<=\d) \.(?=\d)", ".", text))
    return TOKEN.findall(POSSESSIVE.sub(" ", text))


def clause_starts(tokens: Sequence[str]) -> list[int]:
    """Return for each token the index of the first token of its clause."""
    start, starts = 0, []
    for index, token in enumerate(tokens):
        if token in CLAUSE_STARTS and index:
            start = index
        starts.append(start)
    return starts


def amounts_in(tokens: Sequence[str]) -> list[Amount]:
    """Return the numbers with a currency, a scale, a percent sign or a decimal point; years have none of them."""
    amounts = []
    for index, token in enumerate(tokens):
        if not token[-1].isdigit():
            continue
        value = float(token.replace(",", "") or 0)
        after, before = tokens[index + 1 : index + 2], tokens[index - 1 : index] if index else []
        scale = SCALES.get(after[0] if after else "", 1.0)
        if after and after[0] in PERCENT:
            unit = "%"
        elif scale > 1 or (before and before[0] in CURRENCIES) or (after and after[0] in CURRENCIES) or "." in token:
            unit = "amount"
        else:
            continue
        amounts.append(Amount(index, value * scale, unit))
    return amounts
