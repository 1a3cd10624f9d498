"""The byte-pair vocabulary of the small models, learnt from corpus.txt.

The order of the ids is the one of OpenAI's published vocabulary: 256 bytes, the
same 256 with </w>, one id a merge, then the two special tokens.
"""

import collections
import pathlib
import unicodedata

import regex

HERE = pathlib.Path(__file__).parent
MERGES = 480
WORD = regex.compile(
    r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+", regex.IGNORECASE
)
BOS, EOS = "<|startoftext|>", "<|endoftext|>"


def byte_alphabet():
    """Maps every byte to the printable character that stands for it, in CLIP's order."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    alphabet = {b: chr(b) for b in printable}
    for b in range(256):
        if b not in alphabet:
            alphabet[b] = chr(256 + len(alphabet) - len(printable))
    return alphabet


def learn():
    """Returns the vocabulary and the list of merges."""
    alphabet = byte_alphabet()
    counts = collections.Counter()
    for line in (HERE / "corpus.txt").read_text(encoding="utf-8").splitlines():
        for word in WORD.findall(unicodedata.normalize("NFC", line).lower()):
            symbols = [alphabet[b] for b in word.encode("utf-8")]
            counts[(*symbols[:-1], symbols[-1] + "</w>")] += 1
    words, merges = dict(counts), []
    while len(merges) < MERGES:
        pairs = collections.Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += n
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        joined = {}
        for word, n in words.items():
            out, i = [], 0
            while i < len(word):
                if word[i : i + 2] == best:
                    out.append(word[i] + word[i + 1])
                    i += 2
                else:
                    out.append(word[i])
                    i += 1
            joined[tuple(out)] = joined.get(tuple(out), 0) + n
        words = joined
    tokens = list(alphabet.values())
    tokens += [t + "</w>" for t in tokens]
    tokens += [a + b for a, b in merges]
    tokens += [BOS, EOS]
    vocabulary = {t: i for i, t in enumerate(tokens)}
    assert len(vocabulary) == len(tokens), "two merges give one token"
    return vocabulary, merges
