"""What judges our payloads is itself held against what others wrote down."""
