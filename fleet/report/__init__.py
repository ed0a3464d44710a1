"""What people read afterwards: summaries and scores, from the record alone."""
