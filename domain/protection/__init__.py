"""Addresses that must not be known, conditions on disclosures, and leaks. Basis: APPI 66, 68, 69(2), 70."""
