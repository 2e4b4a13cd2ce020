"""A witness: sees each head of a log, and cosigns it only if it continues all that it saw before."""
