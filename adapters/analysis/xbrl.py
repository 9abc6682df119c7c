"""Revenue and net income from inline XBRL, with their growth if the filing also tags the prior year."""

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
YEAR = timedelta(days=365)
TOLERANCE = timedelta(days=16)
"""Fiscal years and quarters differ by days in their length and end."""
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
    """Return the figures of the latest tagged period, or None if the page tags neither figure.

    Of several periods with the latest end, the longest counts. Raises ValueError if a tag is malformed.
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
    """Yield the id and period of each context without dimensions; such contexts are about the company as a whole."""
    for context in root.iter("xbrli:context"):
        if next(context.iter("xbrldi:explicitmember", "xbrldi:typedmember"), None) is not None:
            continue
        start, end = (next(context.iter(name), None) for name in ("xbrli:startdate", "xbrli:enddate"))
        if start is not None and end is not None and context.get("id"):
            period = _Period(*(date.fromisoformat((node.text or "").strip()[:10]) for node in (start, end)))
            yield context.get("id"), period


def _currencies(root: html.HtmlElement) -> Iterator[tuple[str, str]]:
    """Yield the id and currency (ISO 4217) of each unit that is a currency."""
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
    """Return the facts of the first of these names that the filing tags for the company as a whole."""
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
    """Return the tagged amount. Raises ValueError for text that is not a finite number."""
    text = SPACES_AND_COMMAS.sub("", "".join(node.itertext()))
    if text in ("", "—", "–", "-"):
        return 0.0
    try:
        value = float(text) * 10.0 ** int(node.get("scale") or 0)
    except OverflowError as error:
        raise ValueError(f"{text[:20]} is not an amount") from error
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is not an amount")
    return -value if node.get("sign") == "-" else value


def _newest(facts: Sequence[_Fact]) -> list[_Fact]:
    """Return the fact of the latest period, then the fact of the same period one year earlier if there is one."""
    if not facts:
        return []
    newest = max(facts, key=lambda fact: (fact.period.end, fact.period.length))
    year_before = (
        fact
        for fact in facts
        if abs(newest.period.end - fact.period.end - YEAR) <= TOLERANCE
        and abs(newest.period.length - fact.period.length) <= TOLERANCE
        and fact.currency == newest.currency
    )
    return [newest, *list(year_before)[:1]]


def _growth(facts: Sequence[_Fact]) -> float | None:
    """Return the growth from the second fact to the first as a fraction, or None without a second fact."""
    if len(facts) < 2 or facts[1].value == 0:
        return None
    return round((facts[0].value - facts[1].value) / abs(facts[1].value), 4)
