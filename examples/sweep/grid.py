"""The parameters to try, a line each: python grid.py > grid.txt"""

for kernel in ("rbf", "poly"):
    for c in (0.1, 0.3, 1, 3, 10, 30):
        for gamma in (0.00003, 0.0001, 0.0003, 0.001, 0.003):
            print(f"kernel={kernel} C={c} gamma={gamma:.5f}")
