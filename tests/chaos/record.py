"""Everything that happened during a run and that the checker and the report need."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple


class Disturbance(NamedTuple):
    kind: str
    at: datetime
    log: Path
    """The log file of the process that was hit."""


@dataclass
class Record:
    """What clients were promised, and what disturbed the service.

    `accepted` has for each accepted batch its reports, in order, and whether each of them can be analysed; `tokens` and
    `receipts` are by batch, `refused` counts refusals by error code.
    """

    accepted: dict[str, dict[str, bool]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict)
    disturbances: list[Disturbance] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
