"""Writes what Hugging Face's own code makes of pictures and texts with the small models.

    python make_goldens.py ../../ml/clip/testdata

The tokenizer is CLIPTokenizerFast, the preprocessing CLIPImageProcessor of
transformers 4, which resizes with Pillow, the towers CLIPModel in float32 with
eager attention.
"""

import json
import pathlib
import platform
import sys

import numpy as np
import PIL
import safetensors
import tokenizers
import torch
import transformers
from PIL import Image
from safetensors.numpy import save_file
from transformers import CLIPImageProcessor, CLIPModel, CLIPTokenizer, CLIPTokenizerFast

from pictures import pictures
from texts import TEXTS

# Said outright, since it cannot be guessed of a picture with a side of 1 pixel.
LAST = "channels_last"
DEBUGGED = 2  # of how many pictures and texts all hidden states are kept


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")


def cropped(processor, image):
    """The picture as bytes, before rescaling and normalising: height, width, channel."""
    out = processor(image, do_rescale=False, do_normalize=False, input_data_format=LAST, return_tensors="np").pixel_values[0]
    whole = np.rint(out)
    assert np.abs(whole - out).max() == 0 and whole.min() >= 0 and whole.max() <= 255
    return np.ascontiguousarray(whole.astype(np.uint8).transpose(1, 2, 0))


def towers(folder, names, crops, pixels, ids):
    """Runs both towers; every text on its own, so that nothing is padded."""
    model = CLIPModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    out = {"crops": crops, "pixels": pixels[:DEBUGGED]}
    with torch.no_grad():
        seen = model.vision_model(pixel_values=torch.from_numpy(pixels), output_hidden_states=True)
        images = model.visual_projection(seen.pooler_output)
        out["image_pooled"] = seen.pooler_output
        out["image_embeds"] = images / images.norm(dim=-1, keepdim=True)
        for layer, hidden in enumerate(seen.hidden_states):
            out[f"image_hidden.{layer}"] = hidden[:DEBUGGED]
        pooled, embeds = [], []
        for text_ids in ids:
            read = model.text_model(input_ids=torch.tensor([text_ids]), output_hidden_states=True)
            pooled.append(read.pooler_output[0])
            vector = model.text_projection(read.pooler_output)[0]
            embeds.append(vector / vector.norm())
        out["text_pooled"], out["text_embeds"] = torch.stack(pooled), torch.stack(embeds)
        for i, text in enumerate(SHOWN):
            read = model.text_model(input_ids=torch.tensor([ids[TEXTS.index(text)]]), output_hidden_states=True)
            for layer, hidden in enumerate(read.hidden_states):
                out[f"text_hidden.{i}.{layer}"] = hidden[0]
    return {k: np.ascontiguousarray(v) if isinstance(v, np.ndarray) else v.contiguous().numpy() for k, v in out.items()}


SHOWN = ["a photo of a child on a red bike", "a birthday cake with candles"]  # texts whose hidden states are kept


def main():
    root = pathlib.Path(sys.argv[1])
    golden = root / "golden"
    (golden / "pictures").mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for name, image in pictures().items():
        image.save(golden / "pictures" / f"{name}.png", optimize=True)
    images = {p.stem: Image.open(p) for p in sorted((golden / "pictures").glob("*.png"))}
    names = list(images)

    index = {"texts": TEXTS, "pictures": names, "hidden_texts": [TEXTS.index(t) for t in SHOWN], "hidden_pictures": DEBUGGED, "models": {}}
    for model in ["tiny", "tiny-gelu", "tiny-bf16"]:
        folder = root / model
        fast, slow = CLIPTokenizerFast.from_pretrained(folder), CLIPTokenizer.from_pretrained(folder)
        ids = [fast(t, truncation=True).input_ids for t in TEXTS]
        differ = [i for i, t in enumerate(TEXTS) if slow(t, truncation=True).input_ids != ids[i]]
        index["models"][model] = {"ids": ids, "slow_tokenizer_differs": differ}
        processor = CLIPImageProcessor.from_pretrained(folder)
        crops = np.stack([cropped(processor, images[n]) for n in names])
        pixels = np.concatenate([processor(images[n], input_data_format=LAST, return_tensors="np").pixel_values for n in names]).astype(np.float32)
        tensors = towers(folder, names, crops, pixels, ids)
        save_file(tensors, golden / f"{model}.safetensors")
        (golden / f"{model}.safetensors").chmod(0o644)
        for kind in ["image_embeds", "text_embeds"]:
            e = tensors[kind]
            cosines = (e @ e.T)[np.triu_indices(len(e), 1)]
            print(model, kind, e.shape, "cosines: mean %.2f, 5%% %.2f, 95%% %.2f" % (cosines.mean(), *np.quantile(cosines, [0.05, 0.95])))
        print(model, "slow differs at", [TEXTS[i][:30] for i in differ])

    # The preprocessing of the published models, as PNG, which packs better.
    published = CLIPImageProcessor()
    (golden / "clip224").mkdir(exist_ok=True)
    for name in ["landscape", "portrait", "wide", "upscaled", "large", "grey", "palette", "alpha", "grey-alpha"]:
        Image.fromarray(cropped(published, images[name])).save(golden / "clip224" / f"{name}.png", optimize=True)

    index["made_with"] = {
        "python": platform.python_version(), "transformers": transformers.__version__, "tokenizers": tokenizers.__version__,
        "torch": torch.__version__, "pillow": PIL.__version__, "numpy": np.__version__, "safetensors": safetensors.__version__,
    }
    write_json(golden / "index.json", index)
    print(sum(f.stat().st_size for f in root.rglob("*") if f.is_file()), "bytes in all")


if __name__ == "__main__":
    main()
