"""Evaluations made by other programs.

outside_records    what a file or folder of another program says
"""
