"""The composition root: it alone knows everybody."""
