"""Running a checked plan: what is ready, one attempt of one step, whole executions."""
