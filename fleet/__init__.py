"""Plans, flies, attacks and guards a fleet of drones that collects a city's waste.

`fleet.connect` and `fleet.connect_async` are the clients of a run, `fleet.join` puts an agent of your own into its
lock-step, `fleet.load_city` reads a map, which a notebook can show; they are loaded when they are first asked for,
so that `import fleet` stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet.app.join import join
    from fleet.bus.aclient import AsyncClient, connect_async
    from fleet.bus.client import Client, connect
    from fleet.bus.columns import Columns
    from fleet.city.load import load_city
else:

    def __getattr__(name: str) -> object:
        """Load what is asked for, from the room it lives in."""
        rooms = {
            "AsyncClient": "bus.aclient",
            "Client": "bus.client",
            "Columns": "bus.columns",
            "connect": "bus.client",
            "connect_async": "bus.aclient",
            "join": "app.join",
            "load_city": "city.load",
        }
        if name not in rooms:
            raise AttributeError(f"module 'fleet' has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"fleet.{rooms[name]}"), name)


__version__ = "0.1.0"
__all__ = ["AsyncClient", "Client", "Columns", "__version__", "connect", "connect_async", "join", "load_city"]
