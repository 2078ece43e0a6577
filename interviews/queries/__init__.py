"""What is only read, for connections and pages. Nothing here changes a row."""
