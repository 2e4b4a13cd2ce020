"""Case stories as data, played against a fresh rehearsal hub through the doors, and checked by opening."""
