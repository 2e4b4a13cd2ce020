"""The acts of case workers as forms: one table, one mechanism. The rules stay with the hub.

* ``kinds``: what a form consists of; ``table``: all forms, and which are offered where
* ``fill``: from the entered values to a message, with an error for each field; ``display``: codes as text
* ``links``: which forms a page links to
* one file for each family of forms: their fields, addressees and Japanese texts
"""
