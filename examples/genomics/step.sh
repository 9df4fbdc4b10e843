#!/bin/sh
# One step for one sample: the child's own number in the array. What it makes gets its name last, so
# that a child that is killed and run again leaves nothing half-done.
#   step.sh align|sort|call|merge
set -eu
n=${AWS_BATCH_JOB_ARRAY_INDEX:-}

case $1 in
align)
    bwa mem -R "@RG\tID:$n\tSM:sample$n" reference.fa "reads/$n.fastq" > "aligned/$n.sam.new"
    mv "aligned/$n.sam.new" "aligned/$n.sam"
    ;;
sort)
    samtools sort -o "sorted/$n.bam.new" "aligned/$n.sam"
    samtools index "sorted/$n.bam.new" "sorted/$n.bam.bai"
    mv "sorted/$n.bam.new" "sorted/$n.bam"
    ;;
call)
    bcftools mpileup -f reference.fa "sorted/$n.bam" |
        bcftools call -mv -Ob -o "called/$n.bcf.new"
    bcftools index -f -o "called/$n.bcf.csi" "called/$n.bcf.new"
    mv "called/$n.bcf.new" "called/$n.bcf"
    ;;
merge)
    files=$(ls called/*.bcf)
    many=$(echo "$files" | wc -l)
    if [ "$many" -gt 1 ]; then
        bcftools merge --no-version $files > variants.vcf.new
    else
        bcftools view --no-version $files > variants.vcf.new
    fi
    mv variants.vcf.new variants.vcf
    ;;
*)
    echo "no step $1" >&2
    exit 2
    ;;
esac
