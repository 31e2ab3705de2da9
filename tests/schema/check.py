"""Calls every address of the API as its document says, by three callers, and looks at the answers.

Started by check.sh. The calls are schemathesis' own; what is added here is a server over a small
library, and the share of calls that succeeded, by address.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from pathlib import Path
from urllib.parse import urlencode, urlsplit

PASSWORD = "a long enough password"
EXAMPLES = "15"
CHECKS = ",".join(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
    ]
)
# Lists that need no value: an administrator's calls of them succeed at least this often. Most calls are
# wrong on purpose (0.17 to 0.66 succeeded when this was written).
LEAST_SHARE = 0.1
# Keys and one-time passwords take a session, not a token; the list of portfolios is always asked for one
# that is not there.
LEFT_OUT = {"/keys/", "/totp/", "/portfolios/"}


def start(program, folder):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HALFTONE_")}
    environment["HALFTONE_ADMIN_PASSWORD"] = PASSWORD
    data = folder / "schema-data"
    log = (folder / "schema.log").open("w+")
    server = subprocess.Popen(
        [program, "serve", "--listen", "127.0.0.1:0", "--data", data],
        env=environment, stdout=log, stderr=log,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        found = re.search(r"http://([0-9.:]+)/", Path(log.name).read_text())
        if found:
            return server, f"http://{found[1]}", data
        time.sleep(0.1)
    sys.exit("the server does not listen:\n" + Path(log.name).read_text())


def post(base, path, fields, token=None):
    request = urllib.request.Request(base + path, urlencode(fields).encode())
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["data"]


def token(base, username):
    return post(base, "/api/v1/token/", {"username": username, "password": PASSWORD})["token"]


def add_user(program, data, name, *groups):
    """An account that may ask for tokens, made on the command line."""
    command = [program, "user", "add", name, "--allow-api", "--password-stdin"]
    for group in groups:
        command += ["--group", group]
    environment = {**os.environ, "HALFTONE_DATA_DIR": str(data)}
    subprocess.run(command, input=PASSWORD + "\n", text=True, check=True, env=environment)


def run(folder, base, caller, bearer):
    report = folder / f"schema-{caller}"
    command = [
        str(folder / "venv/bin/schemathesis"), "run", f"{base}/api/v1/openapi.json",
        "--checks", CHECKS, "--max-examples", EXAMPLES, "--phases", "examples,coverage,fuzzing",
        "--seed", "1", "--generation-deterministic", "--workers", "1", "--no-color",
        "--report", "har", "--report-dir", str(report),
    ]
    if bearer:
        command += ["--header", f"Authorization: Bearer {bearer}"]
    outcome = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if outcome.returncode:
        print(outcome.stdout)
    entries = []
    for file in report.glob("har-*.json"):
        entries += json.loads(file.read_text())["log"]["entries"]
    return outcome.returncode, entries


def routes(document):
    found = []
    for path, methods in document["paths"].items():
        pattern = re.compile("/api/v1" + re.sub(r"\\{[^}]*\\}", "[^/]*", re.escape(path)) + "$")
        for method, operation in methods.items():
            found.append((method.upper(), path, pattern, operation))
    return found


def shares(document, entries):
    counted = defaultdict(lambda: [0, 0])
    known = routes(document)
    for entry in entries:
        path = urlsplit(entry["request"]["url"]).path
        for method, route, pattern, _ in known:
            if method == entry["request"]["method"] and pattern.match(path):
                counted[method, route][0] += 200 <= entry["response"]["status"] < 300
                counted[method, route][1] += 1
    return counted


def main():
    program, folder = sys.argv[1], Path(sys.argv[2])
    server, base, data = start(program, folder)
    failures = 0
    try:
        add_user(program, data, "editor")
        add_user(program, data, "root", "Administrators")
        with urllib.request.urlopen(f"{base}/api/v1/openapi.json") as answer:
            document = json.load(answer)
        callers = {"nobody": None, "editor": token(base, "editor"), "root": token(base, "root")}
        for caller, bearer in callers.items():
            status, entries = run(folder, base, caller, bearer)
            failures += status != 0
            counted = shares(document, entries)
            print(f"{caller}: {len(entries)} calls")
            for (method, route), (good, total) in sorted(counted.items()):
                print(f"  {good:4}/{total:<4} {method:6} {route}")
            if len(entries) < 1000:
                print(f"{caller}: too few calls to mean anything")
                failures += 1
            for method, route, _, operation in routes(document):
                needs = any(one.get("required") for one in operation.get("parameters", []))
                good, total = counted[method, route]
                judged = caller == "root" and method == "GET" and route not in LEFT_OUT
                if judged and not needs and good < LEAST_SHARE * total:
                    print(f"{method} {route}: only {good} of {total} calls succeeded")
                    failures += 1
    finally:
        server.terminate()
        server.wait(60)
    sys.exit(1 if failures else 0)


main()
