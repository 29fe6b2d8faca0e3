"""What the console knows and keeps, without a screen."""
