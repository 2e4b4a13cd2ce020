"""Reading in an emergency what was not sent, and disclosing without consent: requested with reason, approved by two
others, limited in time, and reviewed afterwards. One of the two who approve a reading is of another agency; where
none is found in time, two others of the agency that asks suffice, and that is recorded as such.

No command opens anything by itself: what opens follows from the events of three persons. Basis: APPI 66, 69(2)4.
"""
