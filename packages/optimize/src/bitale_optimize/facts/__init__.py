"""What is known of a graph: forms of expressions, lengths, what fails."""
