"""How long a case is kept, what holds it, and its end: appraised, approved by two persons, destroyed by its keys.

Basis: own rule (no statute; local rules on documents); APPI 61, 66, 98.
"""
