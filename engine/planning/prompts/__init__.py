"""What the planner is told, one versioned file each."""
