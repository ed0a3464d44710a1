"""Memory: what was said, in order, on disk."""
