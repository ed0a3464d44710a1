"""Sites that work on what they receive: recipes, lines, assays, stores, shipping."""
