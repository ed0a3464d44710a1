"""Random problems for the planner."""
