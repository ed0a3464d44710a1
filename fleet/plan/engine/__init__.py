"""The compiled search: ruin and recreate under simulated annealing, exact in whole numbers.

`search.search` is the door. Kernels take and fill plain arrays; `layout` says what lies where. Everything is
compiled at its first call, so import it where it is used.
"""
