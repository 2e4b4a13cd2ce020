"""Consent of the person: given, refused, withdrawn. Basis: APPI 69(2)1, 27(1)."""
