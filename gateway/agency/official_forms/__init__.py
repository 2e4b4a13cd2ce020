"""Official forms on paper: filled from the record, and from content that a person has opened for it.

``layout`` says what a form consists of, ``contents`` and ``control`` what fills it; one module a form has a pure function
from both to the form; ``table`` lists them; ``printing`` opens, fills, looks for protected addresses, sets and logs.
"""
