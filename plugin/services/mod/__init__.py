"""What moderators do over HTTP."""
