"""Projections: events to rows. They hold no keys."""
