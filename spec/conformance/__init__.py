"""Does a function do what its tags say?"""
