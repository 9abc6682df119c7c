"""Revenue and net income from inline XBRL, and their growth where the filing tags the year before as well."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from lxml import html

from domain.analysis import FinancialMetrics

REVENUE = (
    "us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax",
    "us-gaap:Revenues",
    "us-gaap:RevenueFromContractWithCustomerIncludingAssessedTax",
    "us-gaap:SalesRevenueNet",
    "us-gaap:RevenuesNetOfInterestExpense",
    "ifrs-full:Revenue",
)
NET_INCOME = (
    "us-gaap:NetIncomeLoss",
    "us-gaap:ProfitLoss",
    "us-gaap:NetIncomeLossAvailableToCommonStockholdersBasic",
    "ifrs-full:ProfitLoss",
)
A_YEAR = timedelta(days=365)
TOLERANCE = timedelta(days=16)
SPACES_AND_COMMAS = re.compile(r"[\s,]")


@dataclass(frozen=True, slots=True)
class _Period:
    start: date
    end: date

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class _Fact:
    value: float
    period: _Period
    currency: str


def metrics_of(root: html.HtmlElement) -> FinancialMetrics | None:
    """The figures of the longest tagged period that ends last; null where neither figure is tagged.

    Raises ValueError where the tags contradict themselves.
    """
    tagged = [node for node in root.iter("ix:nonfraction") if node.get("name")]
    if not tagged:
        return None
    periods = dict(_periods(root))
    currencies = dict(_currencies(root))
    by_name: dict[str, list[html.HtmlElement]] = {}
    for node in tagged:
        by_name.setdefault(node.get("name"), []).append(node)
    revenue = _newest(_facts(REVENUE, by_name, periods, currencies))
    income = _newest(_facts(NET_INCOME, by_name, periods, currencies))
    newest = revenue or income
    if not newest:
        return None
    return FinancialMetrics(
        revenue=revenue[0].value if revenue else None,
        revenue_growth=_growth(revenue),
        net_income=income[0].value if income else None,
        net_income_growth=_growth(income),
        currency=newest[0].currency,
        period_end=newest[0].period.end.isoformat(),
    )


def _periods(root: html.HtmlElement) -> Iterator[tuple[str, _Period]]:
    """The durations without dimensions: those of the company as a whole."""
    for context in root.iter("xbrli:context"):
        if next(context.iter("xbrldi:explicitmember", "xbrldi:typedmember"), None) is not None:
            continue
        start, end = (next(context.iter(name), None) for name in ("xbrli:startdate", "xbrli:enddate"))
        if start is not None and end is not None and context.get("id"):
            period = _Period(*(date.fromisoformat((node.text or "").strip()[:10]) for node in (start, end)))
            yield context.get("id"), period


def _currencies(root: html.HtmlElement) -> Iterator[tuple[str, str]]:
    for unit in root.iter("xbrli:unit"):
        measures = [(node.text or "").strip() for node in unit.iter("xbrli:measure")]
        if len(measures) == 1 and measures[0].lower().startswith("iso4217:"):
            yield unit.get("id", ""), measures[0].partition(":")[2].upper()


def _facts(
    names: Sequence[str],
    by_name: dict[str, list[html.HtmlElement]],
    periods: dict[str, _Period],
    currencies: dict[str, str],
) -> list[_Fact]:
    """The facts of the first of these names that the filing tags for the company as a whole."""
    for name in names:
        facts = []
        for node in by_name.get(name, ()):
            period, currency = periods.get(node.get("contextref", "")), currencies.get(node.get("unitref", ""))
            if period is not None and currency is not None:
                facts.append(_Fact(_value(node), period, currency))
        if facts:
            return facts
    return []


def _value(node: html.HtmlElement) -> float:
    shown = SPACES_AND_COMMAS.sub("", "".join(node.itertext()))
    if shown in ("", "—", "–", "-"):
        return 0.0
    try:
        value = float(shown) * 10.0 ** int(node.get("scale") or 0)
    except OverflowError as huge:
        raise ValueError(f"{shown[:20]} is no amount") from huge
    if not math.isfinite(value):
        raise ValueError(f"{shown[:20]} is no amount")
    return -value if node.get("sign") == "-" else value


def _newest(facts: Sequence[_Fact]) -> list[_Fact]:
    """The fact of the latest and, among those, longest period first, then that of the same period a year before."""
    if not facts:
        return []
    newest = max(facts, key=lambda fact: (fact.period.end, fact.period.length))
    before = (
        fact
        for fact in facts
        if abs(newest.period.end - fact.period.end - A_YEAR) <= TOLERANCE
        and abs(newest.period.length - fact.period.length) <= TOLERANCE
        and fact.currency == newest.currency
    )
    return [newest, *list(before)[:1]]


def _growth(facts: Sequence[_Fact]) -> float | None:
    if len(facts) < 2 or facts[1].value == 0:
        return None
    return round((facts[0].value - facts[1].value) / abs(facts[1].value), 4)
