"""Visitors, their visits and reports, and contact with the family. Basis: guideline 4, 5(1)[3], 6(4)[1]."""
