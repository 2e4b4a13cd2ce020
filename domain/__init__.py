"""The domain decides. Standard library only; ``now``, ids and rules are arguments.

Start at ``decide.py`` (what may be), ``visibility.py`` (who may open what, V1–V10) and ``events/``
(what can have happened). ``GLOSSARY.md`` has the words.
"""
