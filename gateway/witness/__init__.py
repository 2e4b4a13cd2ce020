"""A witness cosigns a head of a log only if it continues every head that it cosigned before."""
