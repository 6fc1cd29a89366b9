"""What agents tell the model, one versioned file each."""
