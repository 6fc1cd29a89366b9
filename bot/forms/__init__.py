"""Forms about an approval, whichever chat asks: how each argument is asked for, read back, and what the form decides."""
