"""Scoring: from a conversation to predicted satisfaction, with reasons. Pure: values in, values out.

Importing this is cheap: the word lists (textblob, vaderSentiment) are loaded when the first message is read.
"""
