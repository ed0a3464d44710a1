"""For all tests: hypothesis gives a slow machine the time it needs, and repeats itself where `CI` is set.

A test marked `thorough` runs where `FLEET_SEEDS` is set. Nothing is kept from run to run in the home of whoever
tests: `FLEET_CACHE` is off unless a test turns it on.
"""

import os

import pytest
from hypothesis import settings

os.environ["FLEET_CACHE"] = "off"
settings.register_profile("house", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is thorough where nobody asked for it."""
    if "FLEET_SEEDS" not in os.environ:
        for item in items:
            if item.get_closest_marker("thorough"):
                item.add_marker(pytest.mark.skip(reason="thorough: set FLEET_SEEDS, e.g. to 20"))
