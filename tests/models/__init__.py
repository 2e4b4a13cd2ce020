"""Random stories and what the law says of them: a model of V1–V11 and of every clock, apart from the rules' code."""
