#!/usr/bin/env python3
"""Writes pillow.tsv: what Pillow makes of generated pictures, as SHA-256.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install pillow==13.0.0
    /tmp/venv/bin/python testdata/pillow.py > testdata/pillow.tsv
"""

import hashlib
import random

import PIL
from PIL import Image


def picture(seed, width, height):
    """Noise over ramps; Go's test makes the same bytes."""
    state, out = seed, bytearray(width * height * 3)
    for i in range(len(out)):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        ramp = (i // 3 % width) * 255 // width
        out[i] = (ramp + (state >> 24)) & 255 if state >> 23 & 1 else (state >> 24) & 255 if state >> 22 & 1 else (0 if state >> 21 & 1 else 255)
    return Image.frombytes("RGB", (width, height), bytes(out))


def cases():
    r = random.Random(7)
    for resample in range(6):
        yield 640, 427, 335, 224, resample
        yield 37, 91, 224, 551, resample
        yield 120, 700, 38, 224, resample  # vertical pass first
        yield 224, 300, 224, 224, resample  # one pass only
        yield 300, 224, 224, 224, resample
        yield 224, 224, 224, 224, resample
        yield 1, 1, 5, 3, resample
        yield 1, 400, 2, 900, resample
        for _ in range(30):
            yield r.randint(1, 500), r.randint(1, 500), r.randint(1, 400), r.randint(1, 400), resample


print(f"# Pillow {PIL.__version__}: seed width height to_width to_height resample sha256")
for seed, (w, h, to_w, to_h, resample) in enumerate(cases()):
    out = picture(seed, w, h).resize((to_w, to_h), resample=resample)
    print(seed, w, h, to_w, to_h, resample, hashlib.sha256(out.tobytes()).hexdigest(), sep="\t")
