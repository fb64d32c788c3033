"""What is particular to a server that recognizes: the wire format of its answers, and their tally."""
