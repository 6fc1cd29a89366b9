"""Wall time and the alarm clock: APScheduler 3 as an alarm clock only, due times stay in our table."""
