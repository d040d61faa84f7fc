"""Whose number a cell is: this release's, another model's, or not certain.

card_names   the names that a page's tables, links and headings use -> the identity of its release
identity     the release that a card speaks for, and the names by which the card calls it and its siblings
closeness    how near a printed name is to the release's own
context_editions   editions that only the length of their context tells apart
tuning_stages   names that differ in the last stage of tuning
editions     which edition of the release a name means
owners       whose each column or row of a table is
"""
