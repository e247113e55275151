"""The ops of the tensor language, by subject."""
