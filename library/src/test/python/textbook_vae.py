"""The convolutional VAE as a PyTorch textbook would write it, to hold Varepsilon's against.

The fixture in library/src/test/resources/varepsilon/generative was made by PyTorch 1.13 with

    python3 textbook_vae.py make ../resources/varepsilon/generative --filters 2 --latent-dim 3 --thin

Other uses: `make` without --thin writes whole logits; `check WEIGHTS ANSWERS` loads weights that Varepsilon wrote and
compares what it computed with what this model computes. PythonCrossCheckTest does both, where VAREPSILON_PYTHON names
a Python that has PyTorch.

Answers are safetensors: images (uint8 N×1×28×28) and noise (N×latent_dim), and what follows from them: mean, log_std,
logits of z = mean + exp(log_std)·noise (or logits_thin, every third row and column), log_likelihood and kl of each image
in nats, and gradient.NAME, the gradient of −ELBO averaged over the images, for each parameter.
"""

import argparse
import json
import math
import pathlib
import struct
import sys

import torch
from torch import nn
from torch.nn import functional

LEVELS = 16
LIVELINESS = 2.6
# Of the largest value, with which rounding grows; the gradients' sums cancel.
LIMITS = {torch.float32: 1e-4, torch.float64: 1e-11}
TYPES = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64, "U8": torch.uint8}
NAMES = {dtype: name for name, dtype in TYPES.items()}


def read_safetensors(path):
    content = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        flat = torch.frombuffer(bytearray(content[begin:end]), dtype=TYPES[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def write_safetensors(path, tensors, metadata=None):
    header, data = {"__metadata__": metadata or {}}, b""
    for name, tensor in tensors.items():
        content = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {
            "dtype": NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(content)],
        }
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


class Encoder(nn.Module):
    def __init__(self, filters, latent_dim):
        super().__init__()
        f = filters
        self.net = nn.Sequential(
            nn.Conv2d(1, f, 3, stride=2, padding=1), nn.GELU(),
            nn.Conv2d(f, f, 3, padding=1), nn.GELU(),
            nn.Conv2d(f, 2 * f, 3, stride=2, padding=1), nn.GELU(),
            nn.Conv2d(2 * f, 2 * f, 3, padding=1), nn.GELU(),
            nn.Conv2d(2 * f, 2 * f, 3, stride=2, padding=1), nn.GELU(),
            nn.Flatten(),
            nn.Linear(2 * 16 * f, 2 * latent_dim),
        )

    def forward(self, levels):
        # Single precision, in this order, whatever the weights: then the rest can be compared in double.
        scaled = levels.float() * (2 / (LEVELS - 1)) - 1
        return self.net(scaled.to(self.net[0].weight.dtype)).chunk(2, dim=1)


class Decoder(nn.Module):
    def __init__(self, filters, latent_dim):
        super().__init__()
        f = filters
        self.linear = nn.Sequential(nn.Linear(latent_dim, 2 * 16 * f), nn.GELU())
        self.net = nn.Sequential(
            nn.ConvTranspose2d(2 * f, 2 * f, 3, stride=2, padding=1, output_padding=0), nn.GELU(),
            nn.Conv2d(2 * f, 2 * f, 3, padding=1), nn.GELU(),
            nn.ConvTranspose2d(2 * f, f, 3, stride=2, padding=1, output_padding=1), nn.GELU(),
            nn.Conv2d(f, f, 3, padding=1), nn.GELU(),
            nn.ConvTranspose2d(f, LEVELS, 3, stride=2, padding=1, output_padding=1),
        )

    def forward(self, z):
        hidden = self.linear(z)
        return self.net(hidden.reshape(len(z), -1, 4, 4))


class Vae(nn.Module):
    def __init__(self, filters, latent_dim):
        super().__init__()
        self.encoder = Encoder(filters, latent_dim)
        self.decoder = Decoder(filters, latent_dim)


def answers(vae, images, noise):
    levels = torch.div(images.long() * LEVELS, 256, rounding_mode="floor").clamp(max=LEVELS - 1)
    mean, log_std = vae.encoder(levels)
    logits = vae.decoder(mean + log_std.exp() * noise)
    log_likelihood = -functional.cross_entropy(logits, levels.squeeze(1), reduction="none").sum(dim=(1, 2))
    posterior = torch.distributions.Normal(mean, log_std.exp())
    prior = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    kl = torch.distributions.kl_divergence(posterior, prior).sum(dim=1)
    found = {"mean": mean, "log_std": log_std, "logits": logits, "log_likelihood": log_likelihood, "kl": kl}
    names, parameters = zip(*vae.named_parameters())
    gradients = torch.autograd.grad((kl - log_likelihood).mean(), parameters)
    found.update({"gradient." + name: gradient for name, gradient in zip(names, gradients)})
    return found


def make(arguments):
    torch.manual_seed(1)
    vae = Vae(arguments.filters, arguments.latent_dim)
    for parameter in vae.parameters():
        # Livelier than fresh weights: with those, logits hardly depend on the image.
        parameter.data.mul_(LIVELINESS)
    if arguments.images:
        images = read_safetensors(arguments.images)["images"]
    else:
        images = torch.randint(0, 256, (2, 1, 28, 28), dtype=torch.uint8)
    noise = torch.randn(len(images), arguments.latent_dim)
    found = answers(vae, images, noise)
    if arguments.thin:
        found["logits_thin"] = found.pop("logits")[:, :, ::3, ::3]
    folder = pathlib.Path(arguments.folder)
    metadata = {"architecture": "conv-vae", "latent_dim": str(arguments.latent_dim), "filters": str(arguments.filters)}
    write_safetensors(folder / "textbook_vae.safetensors", vae.state_dict(), metadata)
    torch.save(vae.state_dict(), folder / "textbook_vae.pt")
    write_safetensors(folder / "textbook_vae_answers.safetensors", {"images": images, "noise": noise, **found})


def check(arguments):
    weights = read_safetensors(arguments.weights)
    latent_dim = weights["decoder.linear.0.weight"].shape[1]
    vae = Vae(weights["encoder.net.0.weight"].shape[0], latent_dim)
    vae.load_state_dict(weights)
    theirs = read_safetensors(arguments.answers)
    images, noise = theirs.pop("images"), theirs.pop("noise")
    ours = answers(vae.to(noise.dtype), images, noise)
    if theirs.keys() != ours.keys():
        sys.exit(f"{arguments.answers}: has {sorted(theirs)}; expected {sorted(ours)}")
    limit, worst = LIMITS[noise.dtype], 0.0
    for name, tensor in theirs.items():
        largest = ours[name].abs().max().item()
        difference = (tensor - ours[name]).abs().max().item()
        print(f"{name}: largest value {largest:.6g}, largest difference {difference:.3g}")
        worst = max(worst, difference / max(1, largest))
    print(f"worst of all, in units of the largest value: {worst:.3g}, limit {limit:g} for {noise.dtype}")
    if not worst <= limit:
        sys.exit("they differ")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    making = commands.add_parser("make")
    making.add_argument("folder")
    making.add_argument("--filters", type=int, default=32)
    making.add_argument("--latent-dim", type=int, default=20)
    making.add_argument("--images", help="safetensors file with a tensor 'images'; random ones if absent")
    making.add_argument("--thin", action="store_true")
    making.set_defaults(run=make)
    checking = commands.add_parser("check")
    checking.add_argument("weights")
    checking.add_argument("answers")
    checking.set_defaults(run=check)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
