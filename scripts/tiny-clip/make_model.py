"""Writes small CLIP models in Hugging Face's layout, the same bytes every time.

    python make_model.py ../../ml/clip/testdata

Weights are random numbers; nothing is trained. They are scaled so that what goes
in still shows in what comes out, and the last layer norms are shifted by the mean
over drawn pictures and the lines of corpus.txt: without that all embeddings of a
random network point nearly the same way.
"""

import json
import pathlib
import shutil
import sys

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizerFast

from pictures import scene
from vocabulary import BOS, EOS, learn

MEAN = [0.48145466, 0.4578275, 0.40821073]
STD = [0.26862954, 0.26130258, 0.27577711]
HERE = pathlib.Path(__file__).parent


def vision(**values):
    return {"model_type": "clip_vision_model", "num_channels": 3, **values}


def text(**values):
    return {"model_type": "clip_text_model", **values}


def variants(size):
    """The models: each takes other branches of the loader. size is the vocabulary's."""
    bos, eos = size - 2, size - 1
    return {
        # Like OpenAI's: heads of 64, quick_gelu, the legacy rule for the end token.
        "tiny": dict(
            seed=1, dtype=torch.float32, tokenizer_json=True, pad=EOS,
            config=dict(
                projection_dim=64,
                text_config=text(vocab_size=size, hidden_size=64, intermediate_size=256, num_hidden_layers=2, num_attention_heads=1,
                                 max_position_embeddings=77, hidden_act="quick_gelu", layer_norm_eps=1e-5, projection_dim=64,
                                 bos_token_id=0, pad_token_id=1, eos_token_id=2),
                vision_config=vision(hidden_size=128, intermediate_size=320, num_hidden_layers=2, num_attention_heads=2, image_size=64,
                                     patch_size=16, hidden_act="quick_gelu", layer_norm_eps=1e-5, projection_dim=64),
            ),
            pixels=dict(size={"shortest_edge": 64}, crop_size={"height": 64, "width": 64}, do_convert_rgb=True, do_rescale=True, rescale_factor=1 / 255),
        ),
        # Like LAION's: gelu, the end token by its id, another pad token, half
        # precision, odd widths, no tokenizer.json, sizes as bare numbers.
        "tiny-gelu": dict(
            seed=2, dtype=torch.float16, tokenizer_json=False, pad="!",
            config=dict(
                projection_dim=50,
                text_config=text(vocab_size=size, hidden_size=72, intermediate_size=100, num_hidden_layers=3, num_attention_heads=4,
                                 max_position_embeddings=77, hidden_act="gelu", layer_norm_eps=1e-6, projection_dim=50,
                                 bos_token_id=bos, pad_token_id=0, eos_token_id=eos),
                vision_config=vision(hidden_size=60, intermediate_size=132, num_hidden_layers=2, num_attention_heads=5, image_size=70,
                                     patch_size=14, hidden_act="gelu", layer_norm_eps=1e-6, projection_dim=50),
            ),
            pixels=dict(size=70, crop_size=70),
        ),
        # A short context, one layer, the older *_config_dict keys, no crop.
        "tiny-bf16": dict(
            seed=3, dtype=torch.bfloat16, tokenizer_json=True, pad=EOS,
            config=dict(
                projection_dim=24,
                text_config_dict=dict(vocab_size=size, hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=1,
                                      max_position_embeddings=16, projection_dim=24, bos_token_id=bos, eos_token_id=eos),
                vision_config_dict=dict(hidden_size=36, intermediate_size=44, num_hidden_layers=1, num_attention_heads=3, image_size=32,
                                        patch_size=8, projection_dim=24),
            ),
            pixels=dict(size={"height": 32, "width": 32}, do_center_crop=False, image_mean=[0.5, 0.5, 0.5], image_std=[0.5, 0.5, 0.5], resample=2),
        ),
    }


def fill(model, seed):
    """Sets every weight from one stream of normal numbers."""
    rng = np.random.default_rng(seed)
    for name, p in sorted(model.named_parameters()):
        noise = torch.from_numpy(rng.standard_normal(tuple(p.shape)).astype(np.float32))
        if name == "logit_scale":
            continue
        if "norm" in name or "layrnorm" in name:
            value = 1 + 0.1 * noise if name.endswith("weight") else 0.1 * noise
        elif "embedding" in name and "patch" not in name:
            value = noise * (0.7 if "token" in name else 0.3)
        elif name.endswith("bias"):
            value = 0.1 * noise
        else:
            fan_in = p[0].numel()
            gain = 1.8 if "q_proj" in name or "k_proj" in name else 1.2
            value = noise * gain / fan_in**0.5
        p.data.copy_(value)


def centre(model, tokenizer, size):
    """Takes the mean over typical inputs out of both last layer norms."""
    pixels = np.stack([np.asarray(scene(size, size, 1000 + i), np.float32) / 255 for i in range(200)])
    pixels = torch.from_numpy(((pixels - MEAN) / STD).transpose(0, 3, 1, 2).astype(np.float32))
    lines = (HERE / "corpus.txt").read_text(encoding="utf-8").splitlines()
    ids = tokenizer(lines, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        seen = model.vision_model(pixel_values=pixels).pooler_output
        model.vision_model.post_layernorm.bias.data -= seen.mean(0)
        read = model.text_model(**ids).pooler_output
        model.text_model.final_layer_norm.bias.data -= read.mean(0)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_tokenizer(folder, vocabulary, merges, variant, positions):
    write_json(folder / "vocab.json", vocabulary)
    lines = ["#version: 0.2", *(" ".join(m) for m in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    special = {"bos_token": BOS, "eos_token": EOS, "unk_token": EOS, "pad_token": variant["pad"]}
    write_json(folder / "special_tokens_map.json", special)
    write_json(folder / "tokenizer_config.json", {**special, "model_max_length": positions, "tokenizer_class": "CLIPTokenizer", "do_lower_case": True})
    tokenizer = CLIPTokenizerFast.from_pretrained(folder)
    if variant["tokenizer_json"]:
        tokenizer.backend_tokenizer.no_truncation()
        tokenizer.backend_tokenizer.no_padding()
        tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer


def make(folder, variant, vocabulary, merges):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    written = {"architectures": ["CLIPModel"], "model_type": "clip", "albumen": {"random": True}, "logit_scale_init_value": 2.6592, **variant["config"]}
    write_json(folder / "config.json", written)
    pixels = {"do_center_crop": True, "do_normalize": True, "do_resize": True, "image_mean": MEAN, "image_std": STD, "resample": 3,
              "image_processor_type": "CLIPImageProcessor", **variant["pixels"]}
    write_json(folder / "preprocessor_config.json", pixels)
    CLIPImageProcessor.from_pretrained(folder)

    config = CLIPConfig.from_pretrained(folder)
    tokenizer = write_tokenizer(folder, vocabulary, merges, variant, config.text_config.max_position_embeddings)
    model = CLIPModel(config).eval()
    fill(model, variant["seed"])
    centre(model, tokenizer, config.vision_config.image_size)
    state = {k: v.to(variant["dtype"]).contiguous() for k, v in model.state_dict().items() if not k.endswith("position_ids")}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)


def main():
    target = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    vocabulary, merges = learn()
    for name, variant in variants(len(vocabulary)).items():
        make(target / name, variant, vocabulary, merges)
        print(name, sum(f.stat().st_size for f in (target / name).iterdir()), "bytes")


if __name__ == "__main__":
    main()
