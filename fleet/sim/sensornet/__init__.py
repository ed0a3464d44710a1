"""Sensors of the city that know no GNSS: anchors, tag readers, level sensors."""
