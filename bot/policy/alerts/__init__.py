"""What may be watched, how it is said, and how an alert moves. Pure."""
