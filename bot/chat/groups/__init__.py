"""Groups and topics: who may do what there, and what they are told."""
