"""Is a function whose statements are tagged the pseudocode, line by line?"""
