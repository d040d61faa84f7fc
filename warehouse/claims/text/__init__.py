"""Words and numbers of claims.

interval, quantities, units     a number as printed -> what it allows
names, labels, parts, brackets  benchmarks and models by their printed names
speed_names, vocabulary         words of speeds and settings
"""
