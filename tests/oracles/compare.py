"""Runs NAME.py again and compares what it prints with NAME.txt, number by number: they were written on another machine,
so the last digits may differ. Usage: compare.py NAME [arguments of NAME.py]. Exit status 1 where they differ."""
import math
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).parent


def read(text):
    lines = (line.split(": ", 1) for line in text.splitlines())
    return {key: [float(word) for word in words.split()] for key, words in lines}


def close(a, b, relative):
    return math.isclose(a, b, rel_tol=relative, abs_tol=1e-12) or (math.isnan(a) and math.isnan(b))


name = sys.argv[1]
run = subprocess.run([sys.executable, here / f"{name}.py", *sys.argv[2:]], check=True, stdout=subprocess.PIPE, text=True)
found, stored = read(run.stdout), read((here / f"{name}.txt").read_text())
wrong = [f"only in {where}: {key}" for where, keys in (("the new numbers", found.keys() - stored.keys()),
                                                       (f"{name}.txt", stored.keys() - found.keys())) for key in keys]
for key in found.keys() & stored.keys():
    relative = 1e-2 if key.startswith(("bfloat16", "float16")) else 1e-5 if key.startswith(("float32", "init")) else 1e-9
    if len(found[key]) != len(stored[key]):
        wrong.append(f"{key}: {len(found[key])} numbers, stored are {len(stored[key])}")
    for i, (new, old) in enumerate(zip(found[key], stored[key])):
        if not close(new, old, relative):
            wrong.append(f"{key}: number {i} is {new!r}, stored is {old!r}")
            break
print("\n".join(sorted(wrong)) or f"{name}: {sum(map(len, found.values()))} numbers as stored")
sys.exit(bool(wrong))
