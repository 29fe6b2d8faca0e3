"""What browsers get: the loader, the page in the frame, and the texts of each language. No Python."""
