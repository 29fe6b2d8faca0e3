"""The moderators' console: tickets, conversations and bans in a terminal."""

__version__ = "0.1.0"
