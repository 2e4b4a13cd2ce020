"""A family stays in another municipality for a while (里帰り), and comes back. Basis: CWA 10(1), 25-2; APPI 69(2)3."""
