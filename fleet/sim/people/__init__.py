"""Those who live there: citizens who earn, scavengers, an underground market, guards, a festival."""
