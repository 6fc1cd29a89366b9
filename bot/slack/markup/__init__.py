"""Cards, replies and forms as Slack draws them: pure functions from what is shown to Block Kit, within every limit."""
