"""A simulated marketplace: orders that it cancels when nobody acknowledges them, feeds that are worked off later."""
