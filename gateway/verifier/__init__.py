"""What judges a record without trusting what wrote it.

It shares with the writing code the rules (``domain``) and the primitives (``keys``), and nothing else: the stored form
is read by a second reader, the log is checked by the proofs' own arithmetic. ``tests/house`` keeps it so. ``bundle``
judges what lies in a file; ``gateway.audit.verification`` hands it what lies in a live store.
"""
