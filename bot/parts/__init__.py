"""What messages say, without any chat: paragraphs, lists and small print, measured the way a chat counts."""
