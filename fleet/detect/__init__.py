"""The watchman: one detector, one file. It sees the bus and nothing else."""
