"""Calls every address of the API as its document says, by several callers, and looks at the answers.

Started by check.sh. The calls are schemathesis' own; hooks.py helps it to ids that are there (world.py).
What is added here is a server over a small library, and the share of calls that succeeded, by address and
caller, with the floors of floors.json below which none may fall.
"""

import http.cookiejar
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

import world
from world import PASSWORD

HERE = Path(__file__).parent
EXAMPLES = "15"
CHECKS = ",".join(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
    ]
)
# For an address that floors.json does not name, when an administrator calls it.
LEAST_SHARE = 0.05
SESSION = "takes a web session; the caller has a token"
# What cannot succeed for a caller, and why. It must not: what does stands here wrongly.
CANNOT = {
    "root": {
        "GET /keys/": SESSION,
        "POST /keys/": SESSION,
        "DELETE /keys/{key_id}/": SESSION,
        "GET /totp/": SESSION,
        "POST /totp/": SESSION,
        "PUT /totp/": SESSION,
        "DELETE /totp/": SESSION,
        "DELETE /admin/users/{user_id}/totp/": "nobody there has one-time passwords",
        "DELETE /admin/tasks/{task_id}/": "the tasks that are there are done",
    },
    "nobody": {"GET /tokenlogin/": "takes a token"},
}
# What is read before the calls, and is none of them; and what an administrator's own emptying of the recycle
# folder leaves nothing to do for: the editor restores, and tests/routes has both.
NOT_COUNTED = {
    "GET /openapi.json",
    "DELETE /admin/recycled/{recycled_id}/",
    "POST /admin/recycled/{recycled_id}/restore/",
}
# What takes a web session, and is called with one besides.
SESSION_ONLY = "^/(keys|totp)/"


def start(program, folder, images):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HALFTONE_")}
    environment["HALFTONE_ADMIN_PASSWORD"] = PASSWORD
    data = folder / "schema-data"
    log = (folder / "schema.log").open("w+")
    server = subprocess.Popen(
        [program, "serve", "--listen", "127.0.0.1:0", "--images", images, "--data", data],
        env=environment, stdout=log, stderr=log,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        found = re.search(r"http://([0-9.:]+)/", Path(log.name).read_text())
        if found:
            return server, f"http://{found[1]}", data
        time.sleep(0.1)
    sys.exit("the server does not listen:\n" + Path(log.name).read_text())


def token(base, username):
    fields = urlencode({"username": username, "password": PASSWORD}).encode()
    with urllib.request.urlopen(f"{base}/api/v1/token/", fields) as answer:
        return json.load(answer)["data"]["token"]


def session(base, username):
    """The header fields of somebody who has signed in by the page."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def found(pattern, page):
        return re.search(pattern, browser.open(f"{base}{page}").read().decode())[1]

    form = found(r'name="_csrf_token" value="([^"]+)"', "/login")
    fields = {"_csrf_token": form, "username": username, "password": PASSWORD}
    browser.open(f"{base}/login", urlencode(fields).encode())
    token = found(r'<meta name="csrf-token" content="([^"]+)"', "/")
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
    return {"Cookie": cookies, "X-CSRF-Token": token}


def make_keys(base, headers, there):
    """API keys of the account that the session is of, which may be deleted one by one."""
    keys = []
    for number in range(world.SPENT // 2):
        fields = json.dumps({"name": f"spare {number}"}).encode()
        all_headers = {**headers, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{base}/api/v1/keys/", fields, all_headers)
        with urllib.request.urlopen(request) as answer:
            keys.append({"key_id": json.load(answer)["data"]["id"]})
    there["spend"]["DELETE /keys/{key_id}/"] = keys


def add_user(program, data, name, *groups):
    """An account that may ask for tokens, made on the command line."""
    command = [program, "user", "add", name, "--allow-api", "--password-stdin"]
    for group in groups:
        command += ["--group", group]
    environment = {**os.environ, "HALFTONE_DATA_DIR": str(data)}
    subprocess.run(command, input=PASSWORD + "\n", text=True, check=True, env=environment)


def make_editor(base, root):
    """The editor's group may do everything in one folder, download from others, make portfolios and read
    reports."""
    api = world.Api(base, root)
    editor = next(user for user in api.get("/admin/users/") if user["username"] == "editor")
    flags = {f"access_{flag}": flag in ("folios", "reports") for flag in (
        "folios", "reports", "admin_users", "admin_files", "admin_folios", "admin_permissions",
        "admin_all",
    )}
    group = api.post("/admin/groups/", name="Editors", description="", group_type=2, **flags)["id"]
    api.post(f"/admin/groups/{group}/members/", user_id=editor["id"])
    for path, access in (("/", "20"), ("/editor", "70")):
        api.post("/admin/permissions/", folder_id=api.folder(path), group_id=group, access=access)
    return editor["id"]


def run(folder, base, caller, headers, there, own_token, include=None):
    report = folder / f"schema-{caller}"
    world_file = folder / f"world-{caller}.json"
    world_file.write_text(json.dumps(there))
    command = [
        str(folder / "venv/bin/schemathesis"), "run", f"{base}/api/v1/openapi.json",
        "--checks", CHECKS, "--max-examples", EXAMPLES, "--phases", "examples,coverage,fuzzing",
        "--seed", "1", "--generation-deterministic", "--workers", "1", "--no-color",
        "--report", "har", "--report-dir", str(report),
    ]
    if include:
        command += ["--include-path-regex", include]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    environment = {
        **os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE),
        "SCHEMA_WORLD": str(world_file), "SCHEMA_TOKEN": own_token or "none",
    }
    outcome = subprocess.run(
        command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    )
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
        for method in methods:
            found.append((method.upper(), path, pattern))
    # An address without names comes before one that it would fit as well.
    return sorted(found, key=lambda route: route[1].count("{"))


def shares(known, entries):
    """By address, how many calls succeeded and how many there were."""
    counted = defaultdict(lambda: [0, 0])
    for entry in entries:
        path = urlsplit(entry["request"]["url"]).path
        for method, route, pattern in known:
            if method == entry["request"]["method"] and pattern.match(path):
                counted[f"{method} {route}"][0] += 200 <= entry["response"]["status"] < 400
                counted[f"{method} {route}"][1] += 1
                break
    return counted


def judge(caller, known, counted, floors):
    """Prints the share of every address; tells how many are too low, or too high."""
    wrong = 0
    good, total = (sum(numbers) for numbers in zip(*counted.values()))
    print(f"{caller}: {good} of {total} calls succeeded ({good / total:.0%})")
    for method, route, _ in sorted(known, key=lambda one: (one[1], one[0])):
        name = f"{method} {route}"
        good, total = counted[name]
        reason = CANNOT.get(caller, {}).get(name)
        demanded = caller == "root" and reason is None and name not in NOT_COUNTED
        floor = floors.get(name, LEAST_SHARE if demanded else None)
        if total == 0 and floor is None:
            continue
        share = good / total if total else 0
        verdict = ""
        if floor is not None and share < floor:
            verdict, wrong = f"  TOO FEW: at least {floor:.2f}", wrong + 1
        if reason is not None:
            verdict = f"  cannot: {reason}"
            if good:
                verdict, wrong = f"  SUCCEEDED, though it cannot: {reason}", wrong + 1
        # Nobody may do only what is said.
        elif floor is None and caller == "nobody" and good:
            verdict, wrong = "  NOT FOR EVERYBODY", wrong + 1
        print(f"  {good:4}/{total:<4} {share:4.2f}  {name}{verdict}")
    named = set(floors) | set(CANNOT.get(caller, {}))
    unknown = named - {f"{method} {route}" for method, route, _ in known}
    if unknown:
        print(f"{caller}: floors.json or CANNOT names what is not there: {sorted(unknown)}")
    return wrong + len(unknown)


def main():
    program, folder = sys.argv[1], Path(sys.argv[2])
    floors = json.loads((HERE / "floors.json").read_text())
    images = folder / "schema-images"
    world.library(images, ["nobody", "editor", "root", "session"])
    server, base, data = start(program, folder, images)
    failures = 0
    try:
        # It signs in and is not changed by anybody.
        for name, groups in (("editor", []), ("signer", []), ("root", ["Administrators"]),
                             ("maker", ["Administrators"])):
            add_user(program, data, name, *groups)
        root, maker = token(base, "root"), token(base, "maker")
        own = make_editor(base, root)
        with urllib.request.urlopen(f"{base}/api/v1/openapi.json") as answer:
            known = routes(json.load(answer))
        editor = token(base, "editor")
        callers = [
            ("nobody", {}, maker, None, None),
            ("editor", {"Authorization": f"Bearer {editor}"}, editor, editor, None),
            ("session", session(base, "root"), maker, None, SESSION_ONLY),
            ("root", {"Authorization": f"Bearer {root}"}, root, root, None),
        ]
        for caller, headers, owner, own_token, include in callers:
            there = world.make(base, maker, owner, caller, own)
            if include == SESSION_ONLY:
                make_keys(base, headers, there)
            status, entries = run(folder, base, caller, headers, there, own_token, include)
            failures += status != 0
            failures += judge(caller, known, shares(known, entries), floors[caller])
            if len(entries) < (100 if include else 1000):
                print(f"{caller}: too few calls to mean anything")
                failures += 1
    finally:
        server.terminate()
        server.wait(60)
    sys.exit(1 if failures else 0)


main()
