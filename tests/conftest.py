"""For all tests: hypothesis gives a slow machine the time it needs, and repeats itself where `CI` is set.

Nothing is kept from run to run in the home of whoever tests: `FLEET_CACHE` is off unless a test turns it on.
"""

import os

from hypothesis import settings

os.environ["FLEET_CACHE"] = "off"
settings.register_profile("house", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "house")
