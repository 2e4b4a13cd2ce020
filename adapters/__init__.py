"""Adapters touch the world: the bus, the stored form of facts, and agencies' foreign formats."""
