#!/bin/sh
# One child: the picture in OWARI_ITEM becomes a small JPEG in the folder given.
set -eu
name=$(basename "$OWARI_ITEM" .png)
"${FFMPEG:-ffmpeg}" -nostdin -loglevel error -y -i "$OWARI_ITEM" -vf scale=64:-2 \
    -f mjpeg -frames:v 1 "$1/$name.jpg.new"
mv "$1/$name.jpg.new" "$1/$name.jpg"
