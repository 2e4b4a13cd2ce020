"""What agencies ask each other and answer. Basis: CWA 25-3; guideline 3(3), 6(1)[2]."""
