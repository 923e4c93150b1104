"""A screening run as a page: one self-contained HTML file, and the same views for the server."""
