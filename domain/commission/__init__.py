"""Everything that makes one contractor ready: contract, requirements, workers, training, oaths, performance.

A commission is one pair of a commissioning core agency and a contractor, over all their cases. A core agency's own
visitors have the same records, in the sequence of the pair that it forms with itself. Basis: guideline 4(3), 7, 8, 9.
"""
