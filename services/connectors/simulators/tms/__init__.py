"""A simulated transport management system: rates of carriers, tenders that are accepted or declined, milestones."""
