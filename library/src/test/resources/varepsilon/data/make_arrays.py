"""Writes the arrays that NumpyFileTest and NumpySourceTest read: python3 make_arrays.py, in this folder.

Value k of 2x3x4 is k / 2, or k. Images have the levels 0, 1, 2 and so on, in the order NxCxHxW."""
import zipfile
import numpy as np
from numpy.lib import format as npy

half = np.arange(24).reshape(2, 3, 4) / 2
whole = np.arange(24).reshape(2, 3, 4)

for name, array in {
    "f2": half.astype("<f2"),
    "f4": half.astype("<f4"),
    "f8": half.astype("<f8"),
    "f4_big": half.astype(">f4"),
    "f8_big": half.astype(">f8"),
    "u1": whole.astype("u1"),
    "i1": whole.astype("i1"),
    "i2_big": whole.astype(">i2"),
    "i4": whole.astype("<i4"),
    "i8_big": whole.astype(">i8"),
    "f4_fortran": np.asfortranarray(half.astype("<f4")),
    "f8_big_fortran": np.asfortranarray(half.astype(">f8")),
}.items():
    np.save(f"array_{name}.npy", array)

np.save("scalar.npy", np.float32(2.5))
np.save("empty.npy", np.zeros((0, 3), "<f4"))
np.save("line.npy", np.arange(3, dtype="<i8"))
np.save("objects.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
np.save("records.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i8")]))
np.save("complex.npy", np.zeros(2, "<c8"))
for version in ((2, 0), (3, 0)):
    with open(f"version_{version[0]}.npy", "wb") as file:
        npy.write_array(file, half.astype("<f4"), version=version)

np.savez("stored.npz", x_adv=half.astype("<f4"), y=np.arange(2), notes=np.array([None], dtype=object))
np.savez_compressed("deflated.npz", half.astype("<f4"), whole.astype("u1"))


def images(first, count, channels):
    return np.arange(first, first + count * channels * 20).reshape(count, channels, 4, 5)


# The layout of MedMNIST: N x H x W x C bytes and a column of labels.
medmnist = {}
for part, first, labels in (("train", 0, [2, 0, 1]), ("val", 180, [0]), ("test", 120, [1, 3])):
    medmnist[part + "_images"] = images(first, len(labels), 3).astype("u1").transpose(0, 2, 3, 1)
    medmnist[part + "_labels"] = np.array(labels, "u1")[:, None]
np.savez_compressed("medmnist.npz", **medmnist)
# The names of Keras; fractions in other orders of bytes and of dimensions.
np.savez(
    "keras.npz",
    x_train=np.asfortranarray((images(0, 4, 3) / 255).astype(">f4")),
    y_train=np.array([3, 1, 0, 2], ">i8"),
    x_test=images(100, 2, 3).astype("<f8").transpose(0, 2, 3, 1) / 255,
    y_test=np.array([0, 4], "<i4"),
)
np.save("grey_images.npy", images(0, 10, 1)[:, 0].astype("u1"))
np.save("ten_labels.npy", np.arange(10) % 3)
