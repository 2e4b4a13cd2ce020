"""Requests of the person concerned, and their answers. Basis: APPI 76–102."""
