"""The auditor reads control and verifies everything; content stays sealed."""
