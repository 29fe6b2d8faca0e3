"""The API methods that the bridge calls, grouped as Telegram's documentation groups them."""
