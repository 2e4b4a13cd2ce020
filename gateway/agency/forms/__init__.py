"""The acts of case workers as forms: one table, one mechanism. The rules stay with the hub."""
