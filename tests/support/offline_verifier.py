"""The independent verifiers of docs/, which share no code with the service, imported for tests."""

import importlib
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
FILE = DOCS / "verify_export.py"
sys.path.insert(0, str(DOCS))
verify_export: Any = importlib.import_module("verify_export")
verify_proof: Any = importlib.import_module("verify_proof")
sys.path.remove(str(DOCS))
