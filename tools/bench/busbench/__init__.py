"""What `tools/bench/bus.py` measures, one file per question."""
