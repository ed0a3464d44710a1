"""The mind: it believes what messages say, asks for a plan, and is the only author of orders."""
