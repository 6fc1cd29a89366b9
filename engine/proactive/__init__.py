"""What moves without a person: due alarms."""
