"""Verification that does not trust the code that wrote the record.

It shares the rules (``domain``) and the primitives (``keys``) with the writing code, and nothing else: the stored form has
a second parser, and the log is verified from its published format. ``tests/house`` enforces this. ``bundle`` verifies a
file; ``gateway.audit.verification`` verifies a live store.
"""
