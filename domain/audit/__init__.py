"""Content for an audit or a court: requested by the audit office, approved by two officials, item by item.

Basis: guideline 8; APPI 66; own rule (V10: the audit office opens nothing else).
"""
