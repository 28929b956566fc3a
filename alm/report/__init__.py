"""The pages of the report: what a run kept and lost, to look at.

A module a page turns figures into the values that its template shows, charts among them; ``render``
puts both together. All are pure: figures in, text out.
"""
