"""The live page and the metrics of a run: one more reader of the telemetry door, in a process of its own."""
