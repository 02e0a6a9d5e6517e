"""What became of cases, in numbers, from values alone."""
