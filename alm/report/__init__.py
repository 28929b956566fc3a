"""The pages of the report: what a run kept and lost, to look at.

From the ground up: ``html`` (text to safe markup), ``units`` (figures in words), ``charts``
(Vega-Lite), ``page`` (the frame of a page), and a module for
each page. All are pure: figures in, text out.
"""
