"""Who the agencies are, who holds which office, who belongs to which network, and by which rules the hub decides.

Basis: CWA 25-2; guideline 3; own rule (KH-1 §2).
"""
