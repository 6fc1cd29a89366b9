"""Who may do what, what waits for a person, what may be used at the same time."""
