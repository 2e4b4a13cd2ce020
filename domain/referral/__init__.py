"""A family becomes known: referrals, and what follows from each. Basis: guideline 6(1)[1]; CWA 21-10-5."""
