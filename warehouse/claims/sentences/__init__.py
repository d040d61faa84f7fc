"""Claims proposed from sentences. They are candidates: nothing enters the ledger before a person confirms it.

`model_mentions` finds the models that a text names, `patterns` the numbers that a sentence states, `proposing` puts
both together, `model_proposals` checks what a language model proposes, and `candidate_store` keeps candidates and what
people decided about them.

model_scores     scores beside models' names, of a benchmark that the sentence names once
serving          machine, backend and quantization of a number in a sentence
pair_sentences   what a sentence says an artifact keeps of another's score
"""
