"""Envelope encryption: a key-encryption key wraps tenant keys, a tenant key seals fields.

Import from the modules: `secret` is light and used everywhere, the others load a cryptography library.
"""
