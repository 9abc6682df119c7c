"""One removal: a guarantee, the line that enforces it, and the test that must fail without it."""

from typing import NamedTuple


class Removal(NamedTuple):
    """`old`, which occurs once in `file`, is replaced by `new`, and then `test` must fail.

    `guarantee` is its name in docs/guarantees.md.
    """

    guarantee: str
    file: str
    old: str
    new: str
    test: str
