"""A site of its own, of which the interviews are a part: its users are as unlike Django's as they may be."""
