"""Rules and values: the standard library only, no I/O, no clock."""
