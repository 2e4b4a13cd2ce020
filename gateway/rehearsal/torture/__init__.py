"""What machines do to a hub, done on purpose, many times, and judged from outside each time."""
