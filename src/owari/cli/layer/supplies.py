"""Public layers that a package can supply: made in the data folder by `owari layers map ARN`.

Packages are installed by pip for the interpreter that Owari runs on. What is supplied is the
package's newest version that the layer's name allows, not the layer's own build.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


class CannotSupply(Exception):
    """The message is for the user."""


@dataclass(frozen=True, slots=True)
class Supply:
    """`arrange(folder)` puts what pip installed under `folder/python` where the layer has it."""

    layer: re.Pattern[str]  # the layer's name
    package: str
    arrange: Callable[[Path], None] = lambda _folder: None


def _ffmpeg(folder: Path) -> None:
    """As the layers called `ffmpeg` have it: /opt/bin/ffmpeg."""
    found = next((folder / "python" / "imageio_ffmpeg" / "binaries").glob("ffmpeg-*"))
    (folder / "bin").mkdir()
    found.rename(folder / "bin" / "ffmpeg")
    (folder / "bin" / "ffmpeg").chmod(0o755)
    shutil.rmtree(folder / "python")


SUPPLIES = (
    Supply(re.compile(r"AWSLambdaPowertoolsPythonV3-.*"), "aws-lambda-powertools[all]>=3,<4"),
    Supply(re.compile(r"AWSLambdaPowertoolsPythonV2.*"), "aws-lambda-powertools[all]>=2,<3"),
    Supply(re.compile(r"AWSSDKPandas-Python3.*"), "awswrangler"),
    Supply(re.compile(r"ffmpeg"), "imageio-ffmpeg", _ffmpeg),
)


def pip() -> list[str]:
    """This interpreter's own, or another's that installs for it. Raises CannotSupply."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip3") or shutil.which("pip")
    if found is None:
        raise CannotSupply("pip is not installed on this machine")
    return [found, "--python", sys.executable]


def supply(arn: str, data: Path) -> Path:
    """The folder with what the layer has. Raises CannotSupply."""
    name = arn.split(":")[6] if arn.count(":") >= 6 else ""
    found = next((s for s in SUPPLIES if s.layer.fullmatch(name)), None)
    if found is None:
        raise CannotSupply(f"no package is known to supply {arn}: say {arn}=DIR")
    folder = (data / "layers" / name).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    target = folder / "python"
    target.mkdir(parents=True)
    command = [*pip(), "install", "--quiet", "--target", str(target)]
    done = subprocess.run([*command, found.package], stderr=subprocess.PIPE, text=True)
    if done.returncode:
        shutil.rmtree(folder)
        last = (done.stderr.strip() or "pip failed").splitlines()[-1]
        raise CannotSupply(f"{found.package} cannot be installed: {last}")
    found.arrange(folder)
    return folder
