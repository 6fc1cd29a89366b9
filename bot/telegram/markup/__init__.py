"""Cards, replies and details as Telegram draws them: pure functions from what is shown to text, entities and buttons."""
