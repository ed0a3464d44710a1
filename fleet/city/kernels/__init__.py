"""Compiled geometry: sight, horizons, the graph of corners, shortest paths over it.

Numbers in, numbers out: nothing here knows a map, a polygon or a file. Everything is compiled at its first call,
so these modules are imported where they are used, and only when there is something to compute.
"""
