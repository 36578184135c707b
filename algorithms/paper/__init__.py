"""The fifteen numbered algorithms of Phuong & Hutter 2022.

A file for each of their sections; `notation` and `parameters` hold
what they share.
"""
