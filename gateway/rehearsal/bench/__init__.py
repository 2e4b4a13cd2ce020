"""Speed of each part, measured against the raw part underneath, in one run on the same bytes."""
