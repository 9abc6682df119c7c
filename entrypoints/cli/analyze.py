"""analyze: one report or one sentence, with the sentences that drove the scores."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from domain.analysis import NarrativeAnalysis
from entrypoints.cli.output import AsJson, BadAnswer, WrongUse, print_json
from entrypoints.container import Container
from entrypoints.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivingSentence:
    section: str | None
    polarity: float
    because: list[str]
    text: str


def register(app: typer.Typer) -> None:
    app.command()(analyze)


def analyze(
    file: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, help="The report.")] = None,
    sentence: Annotated[str | None, typer.Option(help="A sentence instead of a report.")] = None,
    as_json: AsJson = False,
) -> None:
    """Analyse a report without the service, and show the sentences that drove its scores."""
    if (file is None) == (sentence is None):
        raise WrongUse("Pass either a FILE or --sentence TEXT.")
    container = Container(settings=Settings(), database_url="")
    if sentence is not None:
        _sentence(container, sentence, as_json)
    elif file is not None:
        _report(container, file, as_json)


def _sentence(container: Container, text: str, as_json: bool) -> None:
    tone = container.analyze_sentence(text)
    drivers = [{"text": driver.text, "polarity": round(driver.polarity, 3)} for driver in tone.drivers]
    if as_json:
        risks = {kind: weight for kind, weight in tone.risks}
        print_json(
            {
                "label": tone.label,
                "polarity": round(tone.polarity, 3),
                "uncertainty": round(tone.uncertainty, 3),
                "risks": risks,
                "drivers": drivers,
            }
        )
        return
    print(f"{tone.label}  (polarity {tone.polarity:+.2f}, uncertainty {tone.uncertainty:.2f})")
    for driver in drivers:
        print(f"  {driver['polarity']:+.2f}  {driver['text']}")


def _report(container: Container, file: Path, as_json: bool) -> None:
    content = file.read_bytes()
    report_format = container.sniff()(content[:65_536])
    if not content or report_format is None:
        raise BadAnswer(f"{file} is {'empty' if not content else 'neither HTML, inline XBRL, plain text nor PDF'}.")
    explained = container.analyze_with_drivers(content, report_format)
    drivers = [
        DrivingSentence(
            section=sentence.section,
            polarity=round(sentence.tone.polarity, 2),
            because=[
                *(driver.text for driver in sentence.tone.drivers),
                *(f"risk of {kind}" for kind, _ in sentence.tone.risks),
            ],
            text=sentence.text,
        )
        for sentence in explained.drivers
    ]
    if as_json:
        shown = [asdict(driver) for driver in drivers]
        print_json({"format": report_format, "analysis": explained.analysis, "drivers": shown})
        return
    print("\n".join(lines(explained.analysis)))
    print("\nSentences that drove it:")
    for driver in drivers:
        print(f"  {driver.polarity:+.2f} [{driver.section or 'elsewhere'}] {driver.text[:300]}")
        print(f"        {', '.join(driver.because)}")


def lines(analysis: NarrativeAnalysis) -> list[str]:
    """Return the analysis as lines for people."""
    text = [
        f"optimism     {analysis.optimism_score:.2f}  (confidence {analysis.optimism_confidence:.2f})",
        f"risk         {analysis.risk_score:.2f}  (confidence {analysis.risk_confidence:.2f})",
        f"uncertainty  {analysis.uncertainty_score:.2f}  (confidence {analysis.uncertainty_confidence:.2f})",
    ]
    if analysis.low_confidence:
        text.append("The text gives little evidence: treat the scores with care.")
    for name, section in analysis.narrative_sections.items():
        text.append(f"section      {name}: {section.word_count} words")
    if metrics := analysis.financial_metrics:
        text.append(f"revenue      {_money(metrics.revenue, metrics.currency)}{_growth(metrics.revenue_growth)}")
        text.append(f"net income   {_money(metrics.net_income, metrics.currency)}{_growth(metrics.net_income_growth)}")
    text.append(f"themes       {', '.join(analysis.key_themes[:10]) or 'none'}")
    text.extend(f"warning      {warning}" for warning in analysis.warnings)
    text.append(f"model        {analysis.model_version}, {analysis.processing_time_seconds:.2f} s")
    return text


def _money(value: float | None, currency: str | None) -> str:
    return "not tagged" if value is None else f"{value:,.0f} {currency or ''}".rstrip()


def _growth(value: float | None) -> str:
    return "" if value is None else f"  ({value:+.1%} on the year before)"
