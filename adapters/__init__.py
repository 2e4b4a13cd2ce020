"""Adapters touch the world: the bus, the stored form of events, and agencies' foreign formats."""
