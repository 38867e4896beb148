"""A simulated tax service: certificates of exemption, tax numbers, and what is due on a sale."""
