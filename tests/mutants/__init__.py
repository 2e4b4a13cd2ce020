"""Mutants of the rules: the code of ``domain/`` changed in one place, which some test has to notice."""
