"""Lines of plain text -> the Markdown that they would have been.

plain_tables   columns aligned by spaces or tabs, cells between pipes without a rule, tables inside code fences
cell_lines     tables with one cell a line
line_blocks    lines of pages without blank lines, and lines of facts -> paragraphs
"""
