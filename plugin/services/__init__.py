"""Use cases: what happens when a customer writes or a moderator replies."""
