"""For all tests: hypothesis gives a slow machine the time it needs, and repeats itself where `CI` is set."""

import os

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "house")
