"""One file a kind of alert; each declares itself as ALERT and is found at start.

What only some kinds share is in modules whose names start with an underscore.
"""
