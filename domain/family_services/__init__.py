"""家庭支援事業: the six kinds of help beside and after visits: recommended, answered, given as a measure. Basis: CWA 21-18."""
