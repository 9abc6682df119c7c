"""The verifier of docs/, which shares no code with the service, for tests to ask."""

import importlib.util
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "docs" / "verify_export.py"
_spec = importlib.util.spec_from_file_location("verify_export", FILE)
assert _spec is not None
assert _spec.loader is not None
verify_export: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(verify_export)
