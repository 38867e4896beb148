"""Envelope encryption: a key-encryption key wraps tenant keys, a tenant key seals fields.

Import from the modules: `secret` and `key_file` are light, the others load a cryptography library.
"""
