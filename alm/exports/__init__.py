"""The way out: kept windows as what trainers load.

``example`` makes of a row, with nothing dropped, its windows as training examples, once for all
formats; a format turns examples into files and knows nothing of windows or manifests.
"""
