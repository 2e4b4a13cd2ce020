"""Deciding on support and planning it. Basis: guideline 2, 5(2), 6(2), 6(3)."""
