"""The fault campaign: break runs at random, run them again, compare the bytes: `make faults`.

processes    what runs below a process, what part of a run it is, and what outlives a run
undisturbed  what a run gives that nobody disturbs, and how a run is judged by it
damages      what is done to the files of a run, by others or by chance
trial        one seed: a run that is broken, and its repair
results      the outcomes of all seeds, and their table
"""
