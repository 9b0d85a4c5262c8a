"""journal_lines.py FILE: reads a journal as strict JSON (no bare NaN) and prints it again, numbers as hexadecimal."""

import json
import sys


def refuse(text):
    raise ValueError(f"{text} is not JSON")


def show(value):
    return float(value).hex() if isinstance(value, (int, float)) else value


with open(sys.argv[1], encoding="utf-8") as file:
    for line in file:
        event = json.loads(line, parse_constant=refuse)
        for name, value in event.get("metrics", {}).items():
            print(event["step"], name, show(value))
