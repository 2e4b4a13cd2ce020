"""Reading in an emergency what was not sent, and disclosing without consent: requested with reason, approved by two
others, limited in time, and reviewed afterwards.

No command opens anything by itself: what opens follows from the events of three persons. Basis: APPI 66, 69(2)4.
"""
