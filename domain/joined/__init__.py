"""Several cases of one family: joined by the core agency, so that what counts for the family counts in each. Basis: CAPA 8."""
