"""Mail: messages, the templates that they are written by, and the operator's server that takes them.

Import from the modules: whoever writes a letter need not know how it is sent.
"""
