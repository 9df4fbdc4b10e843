"""The best of what the children found: python best.py results/"""

import json
import sys
from pathlib import Path

found = [json.loads(file.read_text()) for file in Path(sys.argv[1]).glob("*.json")]
found.sort(key=lambda result: (-result["accuracy"], result["parameters"]))
for result in found[:5]:
    print(f"{result['accuracy']:.4f}  {result['parameters']}")
print(f"{len(found)} tried")
