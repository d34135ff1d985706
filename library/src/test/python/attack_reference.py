"""FGSM and PGD on the CIFAR-10 ResNets as a PyTorch textbook would write them, to hold Varepsilon's against.

    python3 attack_reference.py WEIGHTS.safetensors TEST_BATCH.bin OUT.txt [--limit 2500] [--double] [--only 3,17]

writes a line `model` (file, precision, the images' indices, the loss: `textbook` or `exact`), then one line an attack:
its name, norm, epsilon, the number of images still right, and for each image a 1 where the prediction is right before and
after and else a 0; and a line `margins` with each image's largest margin (the best other logit less that of the label)
over all iterates. PublicModelAttackTest compares image by image.

Attacks, none with a random start:
  fgsm          x + the best perturbation in ball and box for a linear model: ε·sign g in L∞, bisection in L2
  fgsm-clipped  L2 only: clip(x + ε·g/‖g‖, 0, 1), which wastes what the box takes away
  pgd           ten steps of ε/4 (2.5 ε/10), projected onto ball and box; an image counts as wrong where any iterate is
  pgd-last      the same, counting only the last iterate; not with --leave, by which wrong images go no further
"""

import argparse
import json
import pathlib
import struct
import sys
import time

import torch
from torch.nn import functional

STEPS = 10
THREATS = [("linf", k / 255, f"{k}/255") for k in (1, 2, 4, 8)] + [("l2", e, str(e)) for e in (0.1, 0.25, 0.5)]


def read_safetensors(path, dtype):
    content = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            continue  # the count of batches that batch normalisation has seen
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        flat = torch.frombuffer(bytearray(content[begin:end]), dtype=torch.float32)
        tensors[name] = flat.reshape(entry["shape"]).to(dtype)
    return tensors, metadata


def read_cifar(path, limit, dtype):
    records = torch.frombuffer(bytearray(pathlib.Path(path).read_bytes()), dtype=torch.uint8).reshape(-1, 3073)[:limit]
    # Single precision whatever the model: the images are data, the same for both.
    return (records[:, 1:].reshape(-1, 3, 32, 32).float() / 255).to(dtype), records[:, 0].long()


class ResNet:
    """He et al. 2016, section 4.2, option A shortcuts: functions of pixels, in evaluation mode."""

    def __init__(self, weights, metadata):
        self.weights = weights
        some = next(iter(weights.values()))
        self.mean, self.std = (
            torch.tensor([float(v) for v in metadata[key].split(",")], dtype=some.dtype).reshape(1, -1, 1, 1)
            for key in ("normalize_mean", "normalize_std")
        )
        depth = int(metadata["architecture"][len("resnet") :])
        self.blocks = (depth - 2) // 6

    def convolve(self, x, convolution, normalisation, stride=1):
        w = self.weights
        y = functional.conv2d(x, w[convolution + ".weight"], stride=stride, padding=1)
        statistics = (w[f"{normalisation}.{name}"] for name in ("running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(y, *statistics, training=False)

    def block(self, x, name, stride):
        y = functional.relu(self.convolve(x, name + ".conv1", name + ".bn1", stride))
        y = self.convolve(y, name + ".conv2", name + ".bn2")
        new = y.shape[1] - x.shape[1]
        shortcut = functional.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, new // 2, new - new // 2))
        return functional.relu(y + shortcut)

    def __call__(self, pixels):
        y = functional.relu(self.convolve((pixels - self.mean) / self.std, "conv1", "bn1"))
        for stage in (1, 2, 3):
            for i in range(self.blocks):
                y = self.block(y, f"layer{stage}.{i}", 2 if stage > 1 and i == 0 else 1)
        return functional.linear(y.mean(dim=(2, 3)), self.weights["linear.weight"], self.weights["linear.bias"])


def margin(logits, labels):
    own = logits.gather(1, labels[:, None]).squeeze(1)
    others = logits.scatter(1, labels[:, None], -torch.inf)
    return others.amax(dim=1) - own


def slope(model, x, labels, loss_type, wanted=True):
    x = x.detach().requires_grad_(wanted)
    logits = model(x)
    if not wanted:
        return None, logits
    loss = functional.cross_entropy(logits.to(loss_type), labels, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, x)
    return gradient, logits.detach()


def norms(x):
    return x.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1)


def scaled_into_ball(v, epsilon, low, high, most):
    """clip(s·v, low, high) with the largest s in [0, most] that keeps it in the L2 ball, by bisection in double."""
    v, low, high = v.double(), low.double(), high.double()
    bottom, top = torch.zeros_like(most), most
    fits = norms((v * top).clamp(low, high)) <= epsilon
    for _ in range(100):
        middle = (bottom + top) / 2
        inside = norms((v * middle).clamp(low, high)) <= epsilon
        bottom, top = torch.where(inside, middle, bottom), torch.where(inside, top, middle)
    return (v * torch.where(fits, most, bottom)).clamp(low, high)


def project(delta, norm, epsilon, low, high):
    if norm == "linf":
        return delta.clamp(-epsilon, epsilon).clamp(low, high)
    most = torch.ones(len(delta), 1, 1, 1, dtype=torch.float64)
    return scaled_into_ball(delta, epsilon, low, high, most).to(delta.dtype)


def fgsm(gradient, norm, epsilon, low, high):
    if norm == "linf":
        return (epsilon * gradient.sign()).clamp(low, high)
    direction = gradient.double() / norms(gradient.double()).clamp_min(1e-300)
    # So long that all values are at the box, but those whose gradient is as good as zero.
    most = torch.full((len(gradient), 1, 1, 1), 1e9, dtype=torch.float64)
    return scaled_into_ball(direction, epsilon, low, high, most).to(gradient.dtype)


def step(gradient, norm, size):
    # A gradient of zero stays zero.
    return size * (gradient.sign() if norm == "linf" else gradient / norms(gradient).clamp_min(1e-30))


def pgd(model, x, labels, norm, epsilon, clean_gradient, right, loss_type, leave):
    """For each image: whether all iterates are right, whether the last is, and the largest and the last margin."""
    low, high = -x, 1 - x
    survived, last = right.clone(), right.clone()
    worst, margins = (torch.full((len(x),), -torch.inf, dtype=x.dtype) for _ in range(2))
    open_rows = torch.arange(len(x))[right] if leave else torch.arange(len(x))
    delta, gradient = torch.zeros_like(x)[open_rows], clean_gradient[open_rows]
    for i in range(STEPS):
        moved = delta + step(gradient, norm, epsilon * 2.5 / STEPS)
        delta = project(moved, norm, epsilon, low[open_rows], high[open_rows])
        gradient, logits = slope(model, x[open_rows] + delta, labels[open_rows], loss_type, i < STEPS - 1)
        last[open_rows] = logits.argmax(dim=1) == labels[open_rows]
        margins[open_rows] = margin(logits, labels[open_rows])
        survived, worst = survived & last, torch.maximum(worst, margins)
        if leave:
            keep = last[open_rows]
            open_rows, delta, gradient = open_rows[keep], delta[keep], gradient[keep] if gradient is not None else None
            if len(open_rows) == 0:
                break
    return survived, last, worst, margins


def batch(model, x, labels, found, loss_type, leave):
    clean_gradient, clean_logits = slope(model, x, labels, loss_type)
    clean = margin(clean_logits, labels)
    right = clean_logits.argmax(dim=1) == labels
    low, high = -x, 1 - x

    def record(key, still_right, margins):
        rows = found.setdefault(key, ([], []))
        rows[0].append(right & still_right)
        rows[1].append(margins)

    def after(delta):
        with torch.no_grad():
            logits = model(x + delta)
        return logits.argmax(dim=1) == labels, margin(logits, labels)

    record(("clean", "-", "0"), right, clean)
    for norm, epsilon, label in THREATS:
        record(("fgsm", norm, label), *after(fgsm(clean_gradient, norm, epsilon, low, high)))
        if norm == "l2":
            clipped = (x + step(clean_gradient, norm, epsilon)).clamp(0, 1) - x
            record(("fgsm-clipped", norm, label), *after(clipped))
        survived, last, worst, margins = pgd(model, x, labels, norm, epsilon, clean_gradient, right, loss_type, leave)
        record(("pgd", norm, label), survived, torch.maximum(worst, clean))
        if not leave:
            record(("pgd-last", norm, label), last, margins)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights")
    parser.add_argument("cifar")
    parser.add_argument("out")
    parser.add_argument("--limit", type=int, default=2500)
    parser.add_argument("--batch-size", type=int, default=125)
    parser.add_argument("--double", action="store_true")
    parser.add_argument("--only", help="indices of images, separated by commas")
    parser.add_argument("--exact-loss", action="store_true", help="cross-entropy in double precision of any logits")
    parser.add_argument("--leave", action="store_true", help="PGD drops wrong images: sooner done, no pgd-last")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    dtype = torch.float64 if arguments.double else torch.float32
    # In single precision the slope of a sure model, p − 1, is nothing but rounding, by which two right programs differ.
    loss_type = torch.float64 if arguments.exact_loss else dtype
    model = ResNet(*read_safetensors(arguments.weights, dtype))
    images, labels = read_cifar(arguments.cifar, arguments.limit, dtype)
    if arguments.only:
        chosen = torch.tensor([int(i) for i in arguments.only.split(",")])
        images, labels = images[chosen], labels[chosen]
    found, began = {}, time.time()
    for begin in range(0, len(images), arguments.batch_size):
        end = begin + arguments.batch_size
        batch(model, images[begin:end], labels[begin:end], found, loss_type, arguments.leave)
        print(f"{min(end, len(images))} of {len(images)} images, {time.time() - began:.0f} s", file=sys.stderr)
    with open(arguments.out, "w", encoding="utf-8") as out:
        indices = arguments.only or f"0-{len(images) - 1}"
        loss = "exact" if arguments.exact_loss else "textbook"
        print("model", pathlib.Path(arguments.weights).name, str(dtype)[len("torch.") :], indices, loss, file=out)
        for (attack, norm, epsilon), (rights, margins) in found.items():
            rights, margins = torch.cat(rights).tolist(), torch.cat(margins).tolist()
            bits = "".join("1" if value else "0" for value in rights)
            print(attack, norm, epsilon, sum(rights), bits, file=out)
            print("margins", *(f"{value:.9g}" for value in margins), file=out)


if __name__ == "__main__":
    main()
