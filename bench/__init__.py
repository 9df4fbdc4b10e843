"""The figures of docs/performance.md: `make bench`. Each beside a floor taken in the same run."""
