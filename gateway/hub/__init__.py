"""The hub door: verifies, decides, records, releases. It reads control and can't read content."""
