"""The test pictures, drawn from formulas so that nobody's photograph is in the tree."""

import numpy as np
from PIL import Image


def scene(width, height, seed):
    """A colourful picture of gradients, discs and fine stripes, as RGB."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    u, v = x / max(width - 1, 1), y / max(height - 1, 1)
    sky, ground = rng.uniform(0, 255, 3), rng.uniform(0, 255, 3)
    image = sky + (ground - sky) * v[..., None]
    for _ in range(int(rng.integers(2, 6))):
        cx, cy, r = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.08, 0.35)
        inside = (u - cx) ** 2 + (v - cy) ** 2 < r * r
        image[inside] = rng.uniform(0, 255, 3)
    phase = rng.uniform(2, 9)
    stripes = (np.sin(x * phase / 3 + y * phase / 7) > 0.6)[..., None]
    image = np.where(stripes, image * 0.6 + rng.uniform(0, 255, 3) * 0.4, image)
    return Image.fromarray(np.clip(np.rint(image), 0, 255).astype(np.uint8), "RGB")


def pictures():
    """Every picture by the name that the golden files use."""
    out = {
        "landscape": scene(160, 100, 1),
        "portrait": scene(90, 150, 2),
        "square": scene(64, 64, 3),
        "exact-short": scene(64, 97, 4),
        "odd": scene(131, 77, 5),
        "wide": scene(400, 20, 6),
        "tall": scene(17, 260, 7),
        "upscaled": scene(23, 31, 8),
        "one-pixel": scene(1, 1, 9),
        "one-row": scene(50, 1, 10),
        "one-column": scene(1, 37, 11),
        "large": scene(500, 375, 12),
        "grey": scene(120, 80, 13).convert("L"),
        "palette": scene(110, 130, 14).quantize(64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE),
    }
    noise = np.random.default_rng(15).integers(0, 256, (70, 95, 3), dtype=np.uint8)
    out["noise"] = Image.fromarray(noise, "RGB")
    checks = ((np.indices((96, 128)).sum(0) % 2) * 255).astype(np.uint8)
    out["checks"] = Image.fromarray(np.stack([checks] * 3, -1), "RGB")
    alpha = scene(100, 120, 16).convert("RGBA")
    ramp = np.tile(np.linspace(0, 255, 100).astype(np.uint8), (120, 1))
    alpha.putalpha(Image.fromarray(ramp, "L"))
    out["alpha"] = alpha
    grey_alpha = scene(80, 90, 17).convert("LA")
    grey_alpha.putalpha(Image.fromarray(np.tile(np.linspace(255, 0, 80).astype(np.uint8), (90, 1)), "L"))
    out["grey-alpha"] = grey_alpha
    for i in range(6):
        out[f"scene-{i}"] = scene(72 + 11 * i, 120 - 9 * i, 100 + i)
    return out
