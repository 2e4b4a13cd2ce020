"""The children and parents of a family: who is meant, where a child lives, who died. Basis: CAPA 8, 13-2, 4(5)."""
