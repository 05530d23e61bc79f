"""The pure function: what is declared, the key and a sample's id to its parameters."""
