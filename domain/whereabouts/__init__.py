"""A family that cannot be located, and the search for it. Basis: CAPA 4, 8; own rule (居所不明児童)."""
