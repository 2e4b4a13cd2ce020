"""A family moves (ケース移管): begun when the move is planned, acknowledged item by item, and complete when the new
municipality has seen the child. Until then the old one stays responsible. Basis: APPI 69(2)3; CAPA 4(6).
"""
