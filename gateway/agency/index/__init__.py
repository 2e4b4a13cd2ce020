"""What a door remembers of its own families: who they are and how to reach them, sealed at rest, searched in memory.

Only what this agency wrote or has opened on record, only from BASIC, and no longer than it may open it. Its reasons:
docs/decisions/0040.
"""
