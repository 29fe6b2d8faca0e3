"""The only calls to the Matrix homeserver, and the way from its events to the domain."""
