"""Plans, flies, attacks and guards a fleet of drones that collects a city's waste."""

__version__ = "0.1.0"
__all__ = ["__version__"]
