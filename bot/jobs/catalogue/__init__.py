"""One file a job; each declares itself as JOB and is found at start."""
