"""The rules that held in edition 1 and changed after it, one module for each family."""
