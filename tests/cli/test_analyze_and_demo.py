"""analyze scores one file or sentence; demo runs a batch of the samples."""

import json
from pathlib import Path

from tests.support.command_line import Run

SAMPLES = Path(__file__).parents[2] / "samples"
AURORA = str(SAMPLES / "good" / "aurora_instruments_10k.html")


def test_analyze_shows_scores_and_the_sentences_behind_them(run: Run) -> None:
    analysed = run("analyze", AURORA)
    assert analysed.returncode == 0
    assert "optimism" in analysed.stdout
    assert "Sentences that drove it" in analysed.stdout
    body = json.loads(run("analyze", AURORA, "--json").stdout)
    assert body["analysis"]["financial_metrics"]["revenue"] == 412_600_000
    assert body["drivers"]


def test_analyze_explains_the_tone_of_one_sentence(run: Run) -> None:
    analysed = run("analyze", "--sentence", "Losses narrowed.").stdout
    assert analysed.startswith("positive")
    assert "losses narrowed" in analysed


def test_analyze_refuses_a_report_that_is_not_in_english(run: Run) -> None:
    refused = run("analyze", str(SAMPLES / "difficult" / "rheinwerk_geschaeftsbericht.html"))
    assert (refused.returncode, "not in English" in refused.stderr) == (1, True)


def test_demo_shows_successes_failures_events_and_the_verification(run_alone: Run) -> None:
    done = run_alone("demo")
    assert done.returncode == 0, done.stderr
    assert "PARTIALLY_COMPLETED, 5 of 8 analysed" in done.stdout
    for shown in ("UNSUPPORTED_LANGUAGE", "NO_NARRATIVE_TEXT", "CORRUPTED_FILE", "Finished", "1 batch verified"):
        assert shown in done.stdout


def test_demo_ends_with_1_if_its_batch_fails_and_verifies_earlier_batches_too(
    run_alone: Run, empty_report: str
) -> None:
    assert run_alone("demo", empty_report).returncode == 1
    done = run_alone("demo", str(SAMPLES / "good"))
    assert "COMPLETED, 5 of 5 analysed" in done.stdout
    assert "2 batches verified" in done.stdout
