"""What an answer is owed, worked off by whoever holds its lease.

    chunks ─→ PCM ─┬→ FLAC file, in place of the chunks          settling
                   ├→ recogniser ─→ the owed transcript           settling, retranscription
                   └→ meter ─→ measures                           measuring

A live answer's sound takes the same way (`chunks`, `measuring`); its transcript is made in `interviews.live`.
"""
