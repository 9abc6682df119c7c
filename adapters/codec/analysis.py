"""An analysis as JSON."""

from pydantic import TypeAdapter

from domain.analysis import NarrativeAnalysis

ANALYSIS = TypeAdapter(NarrativeAnalysis)
