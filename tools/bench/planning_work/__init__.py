"""What `tools/bench/planning.py` is made of: problems, solvers, the referee's word, tables."""
