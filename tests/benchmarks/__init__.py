"""Measures what parsers of this library cost, beside those of others, in one run.

`candidates` holds the parsers that compete, `rows` the work they do, `growth` how the cost of ours
grows with the size, `reach` what has to be reached, `report` how it is shown.
"""
