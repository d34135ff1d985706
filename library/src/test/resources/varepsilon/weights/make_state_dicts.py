"""Makes the .pt files beside this script; PyTorchStateDictTest knows their values by formula.

They were made with PyTorch 1.13, and dtypes_torch2.pt with 2.13. Run in this folder:

    python3 make_state_dicts.py

The bytes come out the same, but for legacy.pt, in which storages are called by their memory addresses.
"""

import argparse
import datetime
import pathlib
from collections import Counter, OrderedDict, defaultdict

import numpy
import torch

DTYPES = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16,
    torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8,
]


def dtypes():
    tensors = OrderedDict((str(t).split(".")[1], torch.arange(6).reshape(2, 3).to(t)) for t in DTYPES)
    tensors["bool"] = torch.arange(6).reshape(2, 3) % 2 == 0
    return tensors


def views():
    base = torch.arange(24.0).reshape(4, 6)
    cube = torch.arange(24.0).reshape(2, 3, 4)
    return OrderedDict(
        whole=base,
        transposed=base.t(),
        block=base[1:3, 2:5],
        every_other=base[:, ::2],
        expanded=base[1, :3].expand(2, 3),
        permuted=cube.permute(2, 0, 1),
        channels_last=torch.arange(24.0).reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
        element=base[2, 3],
        scalar=torch.tensor(7, dtype=torch.int64),
        empty=torch.zeros(0, 3),
    )


def checkpoint():
    """A training checkpoint with everything around the state dict that trainers like to keep."""
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.arange(float(parameter.numel())).reshape(parameter.shape))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    model(torch.ones(1, 1, 4, 4)).sum().backward()
    optimizer.step()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.arange(float(parameter.numel())).reshape(parameter.shape))
    return {
        "epoch": 3,
        "loss": 0.5,
        "best": None,
        "steps": [1, -1, 255, 256, 65536, -2**40, 2**80, True, False],
        "image": torch.Size([1, 28, 28]),
        "optimizer": optimizer.state_dict(),
        "model_state_dict": model.state_dict(),
    }


def parallel():
    return {
        "module.weight": torch.nn.Parameter(torch.arange(6.0).reshape(2, 3)),
        "module.bias": torch.nn.Parameter(torch.arange(2.0)),
    }


def wild():
    """State dicts deep in a checkpoint, beside objects that only Python knows."""
    model = torch.nn.Linear(3, 2)
    with torch.no_grad():
        model.weight.copy_(torch.arange(6.0).reshape(2, 3))
        model.bias.copy_(torch.arange(2.0))
    return {
        "args": argparse.Namespace(lr=0.1, out=pathlib.PurePosixPath("/runs"), device=torch.device("cpu")),
        "when": datetime.datetime(2024, 1, 2),
        "best": numpy.float64(91.25),
        "history": numpy.arange(3),
        "losses": defaultdict(list, {"train": [0.5]}),
        "counts": Counter("abc"),
        "tags": {"a", "b"},
        "type": torch.float32,
        "function": len,
        ("a", 1): 2,
        "run": {
            "last_state_dict": {name: value + 1 for name, value in model.state_dict().items()},
            "best_state_dict": OrderedDict(("module." + name, value) for name, value in model.state_dict().items()),
        },
        "moments": [{"weight": torch.zeros(2, 3)}],
    }


def many():
    """Enough names that the pickle needs its four-byte memo instructions."""
    base = torch.arange(100.0)
    return {f"tensor{i}": base[i:i + 1] for i in range(100)}


if torch.__version__ >= "2":
    torch.save(dtypes(), "dtypes_torch2.pt")
    raise SystemExit

torch.manual_seed(0)
torch.save(dtypes(), "dtypes.pt")
torch.save(views(), "views.pt")
torch.save(checkpoint(), "checkpoint.pt")
torch.save(parallel(), "parallel.pt")
torch.save(many(), "many.pt")
torch.save(wild(), "wild.pt")
torch.save(parallel(), "legacy.pt", _use_new_zipfile_serialization=False)
torch.save(torch.nn.Linear(2, 1), "whole_model.pt")
torch.jit.script(torch.nn.ReLU()).save("torchscript.pt")
