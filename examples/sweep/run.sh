#!/bin/sh
# A parameter sweep: a child for each line of grid.txt. Owari must be running (owari up).
#   PYTHON=/path/to/python-with-scikit-learn LINES_MAX=60 examples/sweep/run.sh [FOLDER]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
folder=${1:-$(mktemp -d)}
"$python" -c 'import sklearn' || { echo "pip install scikit-learn" >&2; exit 1; }
mkdir -p "$folder/results" && cd "$folder"

"$python" "$here/grid.py" | sed -n "1,${LINES_MAX:-60}p" > grid.txt
# A child's numerical library would start a thread for each processor: they are the array's.
owari submit --array-from grid.txt --name sweep --env OMP_NUM_THREADS=1 --retries 1 --follow -- \
    "$python" "$here/train.py" results
"$python" "$here/best.py" results
