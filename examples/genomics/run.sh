#!/bin/sh
# Align, sort and call variants for every sample, then merge. Owari must be running (owari up), and
# bwa, samtools and bcftools installed.
#   SAMPLES=4 EXAMPLES=/usr/share/doc/samtools/examples examples/genomics/run.sh [FOLDER]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
samples=${SAMPLES:-4}
folder=${1:-$(mktemp -d)}
mkdir -p "$folder" && cd "$folder"

sh "$here/prepare.sh" "$samples" "${EXAMPLES:-/usr/share/doc/samtools/examples}"
submit() { owari submit --memory 512M "$@"; }
align=$(submit --array "$samples" --name align -- sh "$here/step.sh" align)
sort=$(submit --array "$samples" --name sort --after-each "$align" -- sh "$here/step.sh" sort)
call=$(submit --array "$samples" --name call --after-each "$sort" -- sh "$here/step.sh" call)
submit --name merge --after "$call" --follow -- sh "$here/step.sh" merge

grep -v '^##' variants.vcf | head -5
echo "$(grep -vc '^#' variants.vcf) variants in $samples samples: $folder/variants.vcf"
