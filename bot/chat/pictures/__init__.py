"""Pictures for the chat, as PNG bytes. They block for some 50 ms: call them from a thread."""
