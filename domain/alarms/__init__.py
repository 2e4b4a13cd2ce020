"""What the hub records when something that was due is not done. Clocks cause these; no command asks for them."""
