"""What a sample's parameters do to a picture, and its noise."""
