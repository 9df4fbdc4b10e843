#!/bin/sh
# Value at risk as an array job, then the same in one process. Owari must be running (owari up).
#   CHILDREN=100 PATHS=2000 PRICES=--made-up examples/montecarlo/run.sh [FOLDER]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
children=${CHILDREN:-100}
export PATHS="${PATHS:-2000}"
folder=${1:-$(mktemp -d)}
mkdir -p "$folder/losses" && cd "$folder"

[ -s prices.csv ] || python3 "$here/data.py" ${PRICES:-} prices.csv
owari submit --array "$children" --name value-at-risk --env PATHS --follow -- \
    python3 "$here/var.py" simulate prices.csv losses
python3 "$here/var.py" reduce losses "$children" > array.json
python3 "$here/var.py" alone prices.csv "$children" > alone.json
cmp array.json alone.json
cat array.json
echo "the same as in one process; all of it is in $folder"
