"""One file a command or menu; each declares itself as COMMAND and is found at start."""
