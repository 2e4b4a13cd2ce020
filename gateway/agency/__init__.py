"""The agency door: seals content, signs commands, opens what the agency may read. It alone holds its keys."""
