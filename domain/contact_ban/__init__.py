"""Contact with a child is restricted or forbidden. Basis: CAPA 12, 12-4."""
