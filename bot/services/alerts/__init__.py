"""What is measured, what rings, and what people do with their alerts."""
