"""Legacy's filters on Connectra: narrow in the index where it can be done soundly, then look at each record again.

Legacy's text filters are substrings with wildcards; Connectra's keywords are exact and its text fields are words.
Neither gives the other's records. So a filter becomes two things: a condition that surely finds every record that
legacy would find (if there is one), and legacy's own predicate, applied to the records that came.
"""
