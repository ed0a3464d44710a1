"""From a problem to a plan, and the plan's judge."""
