"""How these functions are compiled: see `fleet.base.compiled`."""

from pathlib import Path

from fleet.base.compiled import entry as _entry
from fleet.base.compiled import inner as _inner

entry = _entry(Path(__file__).parent)
compiled = _inner()
