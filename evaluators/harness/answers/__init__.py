"""What the answers of a run tell about it.

answer_statistics   numbers that causes are read from
cut_prompts         prompts that a server cut in silence
fingerprint         a few answers that tell one attached server from another
second_reading      wrong answers read again, leniently
"""
