"""The case in the network: registration, conferences, meetings. Basis: CWA 25-2; guideline 3(2), 6(2)[1], 6(4)[2]."""
