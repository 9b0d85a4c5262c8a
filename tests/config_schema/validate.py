"""validate.py SCHEMA.json CFG.toml…: judges configs by the schema, with jsonschema.

One line a config: "ok", or the errors, "PLACE: MESSAGE", in the order of their places, joined by " | "."""
import json
import sys
import tomllib

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
for name in sys.argv[2:]:
    with open(name, "rb") as file:
        config = tomllib.load(file)
    errors = sorted(validator.iter_errors(config), key=lambda error: error.json_path)
    print(" | ".join(f"{error.json_path[2:]}: {error.message}" for error in errors) or "ok")
