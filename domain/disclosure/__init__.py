"""Disclosing, holding, releasing, reading and refusing. Basis: APPI 69; guideline 8, 9(2)[1]."""
