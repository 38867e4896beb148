"""Key-encryption keys that never leave somebody else's hardware, and which of all keys the settings name."""
