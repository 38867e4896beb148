"""What a manifest says of files: requests that list, read and write them, and triggers that take them (ADR 0087)."""
