"""What all that ask a server share: where it is, its key, one request, many side by side, when to ask again."""
