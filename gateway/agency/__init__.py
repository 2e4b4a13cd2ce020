"""The agency door: seals content, signs wishes, opens what the agency may read. It alone holds its keys."""
