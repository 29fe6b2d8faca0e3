"""What a moderator looks at."""
