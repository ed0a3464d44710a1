"""The roads that messages take."""
