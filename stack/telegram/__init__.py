"""A local Telegram data centre: enough MTProto for one relay bot, with no way to the real Telegram."""
