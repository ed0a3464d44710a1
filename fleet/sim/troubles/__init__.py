"""Honest trouble: what breaks, drifts and fails without anybody meaning it."""
