"""The desk's HTTP API as the console uses it; knows nothing of a screen."""
