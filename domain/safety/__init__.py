"""Notifications of abuse and the safety of the child. Basis: CAPA 6, 7, 8; CWA 25, 25-7."""
