"""The enemy: one attack, one file."""
