"""The benchmarks: what is measured, against what, and the bars that have to be met."""
