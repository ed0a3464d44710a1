"""The parts of `bus_fuzz.py`: the run under fire, frames, orders."""
