"""Rules as they were: by edition, the last one in which they held. Called for records of those editions only."""
