"""A simulated credit bureau, which speaks XML and charges for each report."""
