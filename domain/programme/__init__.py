"""Running the programme: rules of secrecy, notices to the prefecture, local services. Basis: guideline 8, 10, 11."""
