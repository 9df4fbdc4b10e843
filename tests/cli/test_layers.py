"""`owari layers`: public layers are mapped, and a function on a real server has one."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from owari.cli.layer import supplies
from owari.cli.layer.supplies import CannotSupply, Supply
from owari.cli.main import main
from owari.public_layers import PublicLayers
from tests.support.server import OWARI, Server

FFMPEG = "arn:aws:lambda:us-east-1:145266761615:layer:ffmpeg"
SOURCE = """
import tools
def handler(event, context):
    return [tools.X, open("/opt/a").read()]
"""


def test_map_list_unmap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, folder = tmp_path / "data", tmp_path / "layer"
    folder.mkdir()
    data.mkdir()

    def layers(*words: str) -> int:
        return main(["layers", *words, "--data", str(data)])

    assert layers() == 0
    assert capsys.readouterr().out == "no layer is mapped\n"
    assert layers("map", f"{FFMPEG}={folder}", f"{FFMPEG.replace('us-east-1', '*')}:4={data}") == 0
    capsys.readouterr()
    assert layers("list", "--json") == 0
    assert json.loads(capsys.readouterr().out)[f"{FFMPEG}:*"] == str(folder)
    known = PublicLayers(data)
    assert known.folder(f"{FFMPEG}:4") == str(folder)
    assert known.folder(f"{FFMPEG.replace('us-east-1', 'eu-west-1')}:4") == str(data)
    assert known.folder("arn:aws:lambda:us-east-1:145266761615:layer:other:1") is None
    assert layers("unmap", FFMPEG) == 0
    assert layers("unmap", FFMPEG) == 2
    for wrong in (f"{FFMPEG}=/does/not/exist", "ffmpeg=/tmp", FFMPEG.replace("ffmpeg", "other")):
        assert layers("map", wrong) == 2
    assert layers("map") == layers("list", FFMPEG) == 2


def test_a_package_supplies_a_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip itself, on a package that lies here."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (package / "backend.py").write_text(
        "import zipfile\n"
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        "    name = 'tools-1-py3-none-any.whl'\n"
        "    with zipfile.ZipFile(f'{folder}/{name}', 'w') as wheel:\n"
        "        wheel.writestr('tools.py', 'X = 1')\n"
        "        info = 'tools-1.dist-info/'\n"
        "        wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: tools\\n"
        "Version: 1\\n')\n"
        "        wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\n"
        "Root-Is-Purelib: true\\nTag: py3-none-any\\n')\n"
        "        wheel.writestr(info + 'RECORD', '')\n"
        "    return name\n"
    )
    known = (Supply(re.compile("ffmpeg"), str(package)),)
    monkeypatch.setattr(supplies, "SUPPLIES", known)
    try:
        supplies.pip()
    except CannotSupply:
        pytest.skip("there is no pip")
    assert main(["layers", "map", FFMPEG, "--data", str(tmp_path)]) == 0
    folder = PublicLayers(tmp_path).folder(f"{FFMPEG}:1")
    assert folder is not None
    assert (Path(folder) / "python" / "tools.py").read_text() == "X = 1"


@pytest.mark.acceptance
def test_a_function_has_a_public_layer(tmp_path: Path) -> None:
    layer = tmp_path / "layer"
    (layer / "python").mkdir(parents=True)
    (layer / "python" / "tools.py").write_text("X = 7\n")
    (layer / "a").write_text("from the layer")
    with Server(tmp_path / "server" / "data") as server:
        with pytest.raises(ClientError) as caught:
            server.function("f", SOURCE, Layers=[f"{FFMPEG}:4"])
        assert f"owari layers map {FFMPEG}:4=DIR" in str(caught.value)
        command = [OWARI, "layers", "map", f"{FFMPEG}={layer}", "--endpoint", server.endpoint]
        subprocess.run(command, check=True, timeout=120)
        server.function("f", SOURCE, Layers=[f"{FFMPEG}:4"])
        answer = server.client("lambda").invoke(FunctionName="f")
        assert json.load(answer["Payload"]) == [7, "from the layer"]
