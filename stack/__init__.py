"""The whole system on loopback: Synapse, maubot with the plugin, mautrix-telegram, a Telegram data centre."""
