"""What a search is: the question, what engines find, what pages say, and how it is merged and cut to size."""
