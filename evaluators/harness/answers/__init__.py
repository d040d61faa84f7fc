"""What the answers of a run tell about it.

answer_statistics   numbers that causes are read from
broken_answers      texts that no model means as an answer
cut_prompts         prompts that a server cut in silence
linear_patterns     lm-eval's extraction patterns without their square cost
second_reading      wrong answers read again, leniently
crossed_answers     replies that reached the wrong request
"""
