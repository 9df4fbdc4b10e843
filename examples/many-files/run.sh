#!/bin/sh
# A child for each of very many files. Owari must be running (owari up).
#   PICTURES=300 FFMPEG=/path/to/ffmpeg examples/many-files/run.sh [FOLDER]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
count=${PICTURES:-300}
folder=${1:-$(mktemp -d)}
export FFMPEG="${FFMPEG:-ffmpeg}"
mkdir -p "$folder/small" && cd "$folder"

python3 "$here/pictures.py" "$count" pictures
owari submit --array-from 'pictures/**/*.png' --name shrink --env FFMPEG --memory 256M --follow -- \
    sh "$here/shrink.sh" small
made=$(find small -name '*.jpg' | wc -l)
[ "$made" -eq "$count" ] || { echo "$made of $count pictures" >&2; exit 1; }
echo "$made small pictures in $folder/small"
