"""Where and when waste appears."""
