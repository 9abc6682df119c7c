"""The stored JSON of an analysis."""

from pydantic import TypeAdapter

from domain.analysis import NarrativeAnalysis

ANALYSIS = TypeAdapter(NarrativeAnalysis)
