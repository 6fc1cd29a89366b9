"""The HTTP door: API, event streams, sign-in and the local chat page's transport."""
