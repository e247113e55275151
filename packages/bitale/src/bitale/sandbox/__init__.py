"""What programs written for Theano import from its sandbox."""
