"""The effect of a sample's parameters on an image, and its noise field."""
