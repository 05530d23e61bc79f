"""One module a framework, each with an extra of its own; nothing here is part of `import dpa`."""
