"""Makes the images of this folder with Pillow, and pillow.csv: what Pillow's convert("RGB") gives for them.

    /usr/bin/python3 make_images.py       (Pillow 9.4, NumPy 1.24)

All are 16 x 8 pixels, left half one colour, right half another; the *_scene files are 24 x 16 with much in them, to be
cut off. pillow.csv has the colour of a pixel in the middle of each half.
"""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
LEFT, RIGHT = (172, 38, 106), (20, 200, 90)
pixels = np.zeros((8, 16, 3), np.uint8)
pixels[:, :8], pixels[:, 8:] = LEFT, RIGHT
rgb = Image.fromarray(pixels)
grey = rgb.convert("L")


def save(name, image, **options):
    image.save(HERE / name, **options)


def profile(space):
    """A colour profile with linear curves: whoever applies it changes the samples."""

    def xyz(*values):
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *[round(v * 65536) for v in values])

    curve = b"curv\0\0\0\0" + struct.pack(">I", 0)
    white = xyz(0.9642, 1, 0.8249)
    name = b"desc\0\0\0\0" + struct.pack(">I", 7) + b"linear\0" + b"\0" * 78
    tags = {b"desc": name, b"cprt": b"text\0\0\0\0none\0", b"wtpt": white}
    if space == b"RGB ":
        tags |= {b"rXYZ": xyz(0.4361, 0.2225, 0.0139), b"gXYZ": xyz(0.3851, 0.7169, 0.0971)}
        tags |= {b"bXYZ": xyz(0.1431, 0.0606, 0.7141), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    else:
        tags |= {b"kTRC": curve}
    table, data = b"", b""
    for tag, value in tags.items():
        table += tag + struct.pack(">II", 132 + 12 * len(tags) + len(data), len(value))
        data += value + b"\0" * (-len(value) % 4)
    head = bytearray(128)
    body = struct.pack(">I", len(tags)) + table + data
    struct.pack_into(">I", head, 0, 128 + len(body))
    head[8:12], head[12:16], head[16:20], head[20:24], head[36:40] = b"\2\x20\0\0", b"mntr", space, b"XYZ ", b"acsp"
    struct.pack_into(">3i", head, 68, 63190, 65536, 54061)
    return bytes(head) + body


linear, linear_grey = profile(b"RGB "), profile(b"GRAY")

# JPEG: colour spaces, profiles.
save("rgb.jpg", rgb, quality=95)
save("grey.jpg", grey, quality=95)
save("linear_profile.jpg", rgb, quality=95, icc_profile=linear)
save("linear_profile_grey.jpg", grey, quality=95, icc_profile=linear_grey)
save("grey_profile.jpg", rgb, quality=95, icc_profile=linear_grey)
save("broken_profile.jpg", rgb, quality=95, icc_profile=linear[:100] + b"\xff" * 60)
ink = np.zeros((8, 16, 4), np.uint8)
ink[:, :8], ink[:, 8:] = (83, 217, 149, 40), (235, 55, 165, 100)
cmyk = Image.fromarray(ink, "CMYK")
save("cmyk.jpg", cmyk, quality=95)
save("cmyk.tif", cmyk)
save("cmyk_profile.jpg", cmyk, quality=95, icc_profile=linear)
data = bytearray((HERE / "cmyk.jpg").read_bytes())
adobe = data.find(b"Adobe")
data[adobe + 11] = 2  # its transform: YCCK
(HERE / "ycck.jpg").write_bytes(data)
del data[adobe - 4 : adobe + 12]
(HERE / "cmyk_without_adobe.jpg").write_bytes(data)
save("full.jpg", rgb, quality=95, subsampling=0)
data = bytearray((HERE / "full.jpg").read_bytes())
del data[2 : 4 + struct.unpack(">H", data[4:6])[0]]  # JFIF
frame, scan = data.find(b"\xff\xc0"), data.find(b"\xff\xda")
for name, ids in (("other_ids.jpg", (0, 1, 2)), ("rgb_ids.jpg", b"RGB")):
    for i in range(3):
        data[frame + 10 + 3 * i] = data[scan + 5 + 2 * i] = ids[i]
    (HERE / name).write_bytes(data)
(HERE / "full.jpg").unlink()

# Orientation, transparency, palettes, depths.
exif = Image.Exif()
exif[0x0112] = 6
save("turned.jpg", rgb, quality=95, exif=exif)
save("turned.png", rgb, exif=exif)
save("linear_profile.png", rgb, icc_profile=linear)
save("linear_profile_grey.png", grey, icc_profile=linear_grey)
alpha = Image.fromarray(np.arange(128, dtype=np.uint8).reshape(8, 16))
clear = rgb.copy()
clear.putalpha(alpha)
save("alpha.png", clear)
save("alpha.tif", clear)
save("grey_alpha.png", clear.convert("LA"))
palette = rgb.quantize(4)
save("palette.gif", palette, transparency=0)
save("palette.png", palette, transparency=0)
save("palette.tif", palette)
save("palette.bmp", palette)


def png(name, depth, colour, rows):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 16, 8, depth, colour, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    (HERE / name).write_bytes(data)


png("rgb16.png", 16, 2, [row.tobytes() for row in (pixels.astype(int) * 256 + 200).astype(">u2")])
png("grey16.png", 16, 0, [row.tobytes() for row in (np.array(grey).astype(int) * 256 + 200).astype(">u2")])
png("grey2.png", 2, 0, [b"\x55\x55\xaa\xaa"] * 8)

# TIFF and PNM.
for name, options in {"rgb.tif": {}, "lzw.tif": {"compression": "tiff_lzw"}, "deflate.tif": {"compression": "tiff_adobe_deflate"}}.items():
    save(name, rgb, **options)
save("grey.tif", grey)
save("bilevel.tif", grey.point(lambda v: 255 * (v > 90), "1"))
save("float.tif", Image.fromarray(np.array(grey).astype(np.float32) / 255))
save("lab.tif", rgb.convert("LAB"))
data = bytearray((HERE / "alpha.tif").read_bytes())
start = struct.unpack("<I", data[4:8])[0]
for entry in range(start + 2, start + 2 + 12 * struct.unpack("<H", data[start : start + 2])[0], 12):
    if data[entry : entry + 2] == struct.pack("<H", 338):
        data[entry + 8] = 1  # associated alpha
(HERE / "premultiplied.tif").write_bytes(data)
save("rgb.ppm", rgb)
save("grey.pgm", grey)
save("bilevel.pbm", grey.point(lambda v: 255 * (v > 90), "1"))
text = "\n".join(" ".join(str(v) for v in row.ravel()) for row in pixels)
(HERE / "text.ppm").write_text("P3\n# by hand\n16 8\n255\n" + text + "\n")
save("lossy.webp", rgb)

# To be cut off.
y, x = np.mgrid[0:16, 0:24]
noise = np.random.default_rng(0).integers(-20, 21, (16, 24, 3))
scene = Image.fromarray((np.stack([40 + y * 9, 30 + x * 8, 128 + 9 * (x - y)], -1) + noise).clip(0, 255).astype(np.uint8))
save("baseline_scene.jpg", scene, quality=80)
save("progressive_scene.jpg", scene, quality=80, progressive=True)
save("grey_scene.jpg", scene.convert("L"), quality=80)
save("cmyk_scene.jpg", scene.convert("CMYK"), quality=80)

lines = ["file,mode,left_r,left_g,left_b,right_r,right_g,right_b"]
for path in sorted(HERE.iterdir()):
    if path.suffix in (".py", ".csv") or "_scene" in path.name:
        continue
    image = Image.open(path)
    mode = image.mode
    values = np.array(image.convert("RGB")).astype(int)
    lines.append(",".join(map(str, [path.name, mode, *values[4, 4], *values[4, 12]])))
(HERE / "pillow.csv").write_text("\n".join(lines) + "\n")
