"""From a step of a story to the fields of the command that it stands for, one module a family of events."""
