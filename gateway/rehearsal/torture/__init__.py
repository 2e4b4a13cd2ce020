"""Failures of machines, injected on purpose into rehearsal hubs, and the record verified from outside each time."""
