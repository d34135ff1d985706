"""Writes the arrays that NumpyFileTest reads: python3 make_arrays.py, in this folder. Value k of 2x3x4 is k / 2, or k."""
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
