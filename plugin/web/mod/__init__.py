"""The moderators' API: what the console calls."""
