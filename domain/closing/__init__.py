"""The end of support, what follows on it, and reopening. Basis: guideline 6(5)."""
