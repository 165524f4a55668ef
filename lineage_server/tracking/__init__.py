"""Lists, search and details of what was recorded: runs, jobs, artifacts, versions, metrics.

``service`` is the door. ``filters`` says what can be asked, ``listing`` how a page is found quickly,
``history`` turns stored points into series. Lineage is another service's; this one only reads.
"""
