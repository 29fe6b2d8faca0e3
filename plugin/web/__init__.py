"""The only aiohttp: the customer API, its limits and its streams."""
