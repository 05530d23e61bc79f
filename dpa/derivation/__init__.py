"""The pure function: from a space, a key and a sample's id to the sample's parameters."""
