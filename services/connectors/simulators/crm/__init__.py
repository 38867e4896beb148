"""A simulated CRM: accounts that two may change at once, activities, and deals that are won."""
