#!/usr/bin/env bash
# Lets schemathesis call every address of the API as the document says, as nobody, as an editor, in a web
# session, and as an administrator: nothing may answer 5xx, with a status that is not documented, or
# with data of another shape, and of each address a share of calls has to succeed (floors.json).
#
#   tests/schema/check.sh PROGRAM FOLDER

set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
program=$1 folder=$2

python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet install --require-hashes --requirement "$here/requirements.txt"
exec "$folder/venv/bin/python" "$here/check.py" "$program" "$folder"
