"""Decides. Pure: standard library only; the time, new ids and the rules are arguments.

One package for each family of events (``domain/<family>/events.py``, ``rules.py``, ``effects.py``); README.md is the map.
"""
