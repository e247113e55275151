"""Programs with one mistake each, as a beginner writes them; in each, one line is to be named."""
