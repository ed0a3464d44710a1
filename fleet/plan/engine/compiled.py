"""How the engine's functions are compiled: see `fleet.base.compiled`. None of them makes an array."""

from pathlib import Path

from fleet.base.compiled import entry as _entry
from fleet.base.compiled import inner as _inner

entry = _entry(Path(__file__).parent, "plan", allocates=False)
compiled = _inner(allocates=False)
