"""What people see, in Japanese. Pages work without JavaScript and hold content only where it was opened."""
