"""The Telegram surface: updates in, cards and replies out."""
