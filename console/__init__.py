"""The moderators' console: tickets, conversations and bans in a terminal."""
