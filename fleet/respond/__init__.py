"""The guard: from alerts to intents."""
