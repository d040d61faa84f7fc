"""RULER's texts, made to the length that a claim states, counted with the tokenizer of the model that is served.

text_length     the length a run is about, and who counts its tokens
served_tokens   tokens counted by the server; what the lm-eval tasks take for a tokenizer
ruler_data      lm-eval's own RULER generators with that tokenizer; ruler_grades: their grading, as plain means
needle_words    lm-eval's maker of needles, imported without its downloads
*.yaml          the thirteen tasks, and groups of them: with the beginning of the answer given, and (`_chat`) without
"""
