"""The auditor: reads control, verifies everything, opens nothing."""
