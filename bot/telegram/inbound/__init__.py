"""What Telegram tells us, turned into deliveries by pure functions and committed before it is confirmed."""
