"""The installed package: import, settings, completion, the protocol for models, the wheel."""
