"""Words and numbers of claims.

interval, quantities, units     a number as printed -> what it allows
model_words       sizes of models and addresses on the hub
names, labels, parts, brackets  benchmarks and models by their printed names
respelling        labels as programs and hurried writers spell them -> the usual spelling
speed_names, vocabulary         words of speeds and settings
legends           sentences that say what a short name in a table stands for
pair_words        what a text says an artifact keeps of another one's score
tunings           what headings and sentences say of base and tuned models, and of thinking
stated_for_all    what a heading, a caption or a sentence over a table states of all its scores
stated_sampling   how a model was asked, as words on a score state it
thinking_budget   budgets of thinking, which are run as a limit of the whole answer
"""
