"""The electricity of the city: feeders, meters, outages, and what hangs on them."""
