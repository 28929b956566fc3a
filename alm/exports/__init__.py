"""The way out: kept windows as what trainers load.

    example             a kept window as a training example, once for all formats
    formats, writers    the formats: their names, and what writes each
    lhotse, nemo, conversation, table, rttm, audio, moshi     the formats
    source, cutting, encoding, masks    audio of recordings -> clips
    clips, tars, files  clips and files that have the same bytes each time
    splits, card        which windows are for what; what the whole is

A format turns windows into files and knows nothing of manifests.
"""
