"""What every server with an OpenAI-like interface understands.

completions, chat     answers to plain prompts and to message histories
replies               an answer, read strictly
sampling              samplers, limits and stop strings as fields of a request
thinking              thoughts set apart from answers
dialect               how a server is asked beyond that; a backend overrides it
stream_events         the events of a stream
"""
