#!/usr/bin/env python3
"""A tool in Python: counts the words of a text, and tells how far it is."""

import json
import sys

request = json.load(sys.stdin)
words = request["text"].split()
longest_first = request.get("longest_first", False)

counts = {}
for done, word in enumerate(words, start=1):
    counts[word] = counts.get(word, 0) + 1
    if done % 1000 == 0:
        print(f"progress: {done / len(words):.3f} {done} words", file=sys.stderr, flush=True)

if not words:
    sys.exit("the text has no words")  # any exit code but 0 is a failure, the last line says why

order = sorted(counts, key=lambda word: (-len(word), word) if longest_first else word)
json.dump({"words": len(words), "counts": {word: counts[word] for word in order}}, sys.stdout)
