"""Ethereum: signatures of wallets, and contract wallets asked through a node. Nothing else knows of it."""
