"""Runs over many points and seeds: which are to be made, what came of each, and how they compare."""
