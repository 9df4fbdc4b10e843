#!/bin/sh
# The reads that samtools brings along become those of N samples, as FASTQ; the reference is indexed.
#   prepare.sh N EXAMPLES
set -eu
cp "$2/ex1.fa" reference.fa
samtools faidx reference.fa
bwa index reference.fa 2> index.log
mkdir -p reads aligned sorted called
gzip -dc "$2/ex1.sam.gz" | awk -v n="$1" '{
    sample = sprintf("reads/%d.fastq", (NR - 1) % n)
    print "@" $1 "/" NR "\n" $10 "\n+\n" $11 > sample
}'
