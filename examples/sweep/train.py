"""One child: a support-vector machine for the digits, with the parameters in OWARI_ITEM."""

import json
import os
import sys
from pathlib import Path

from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from sklearn.svm import SVC


def main(folder: str) -> None:
    item = os.environ["OWARI_ITEM"]
    given = dict(word.split("=") for word in item.split())
    images = load_digits()
    model = SVC(kernel=given["kernel"], C=float(given["C"]), gamma=float(given["gamma"]))
    scores = cross_val_score(model, images.data, images.target, cv=5)
    result = {"parameters": item, "accuracy": round(float(scores.mean()), 6)}
    child = os.environ["AWS_BATCH_JOB_ARRAY_INDEX"]
    Path(folder, f"{child}.json").write_text(json.dumps(result))
    print(result)


if __name__ == "__main__":
    main(sys.argv[1])
