"""Calls every address of the API as its document says, by several callers, and looks at the answers.

Started by check.sh. The calls are schemathesis' own; hooks.py helps it to ids that are there (world.py).
What is added here are servers over small libraries, one on each database, and the share of calls that succeeded, by address and
caller, with the floors of floors.json below which none may fall.
"""

import contextlib
import http.cookiejar
import io
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import world
from world import PASSWORD

HERE = Path(__file__).resolve().parent
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
        "DELETE /sessions/": SESSION,
        "DELETE /admin/users/{user_id}/totp/": "nobody there has one-time passwords",
        "DELETE /admin/tasks/{task_id}/": "the tasks that are there are done",
        "POST /admin/tasks/{task_id}/run/": "the tasks that are there are done",
    },
}
# What is read before the calls, and is none of them; and what an administrator's own emptying of the recycle
# folder leaves nothing to do for: the editor restores, and tests/routes has both. A basket is left once.
NOT_COUNTED = {
    "GET /openapi.json",
    "DELETE /basket/",
    "DELETE /admin/recycled/{recycled_id}/",
    "POST /admin/recycled/{recycled_id}/restore/",
}
# What takes a web session, and is called with one besides.
SESSION_ONLY = "^/(keys|totp)/"


class Site:
    """A server over a library and a database of its own, with the people who call."""

    def __init__(self, program, folder, backend):
        self.program = program
        images = folder / f"schema-images-{backend}"
        world.library(images, ["nobody", "editor", "root", "session"])
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("HALFTONE_")}
        self.environment["HALFTONE_ADMIN_PASSWORD"] = PASSWORD
        self.environment["HALFTONE_DATA_DIR"] = str(folder / f"schema-data-{backend}")
        if backend == "postgres":
            self.environment["HALFTONE_DATABASE"] = new_database()
        self._start(images, folder / f"schema-{backend}.log")
        try:
            # The signer signs in and is not changed by anybody.
            for name, groups in (("editor", []), ("signer", []), ("root", ["Administrators"]),
                                 ("maker", ["Administrators"])):
                self._add_user(name, *groups)
            self.root, self.maker = token(self.base, "root"), token(self.base, "maker")
            self.editor_id = make_editor(self.base, self.root)
            self.editor = token(self.base, "editor")
        except BaseException:
            self.stop()
            raise

    def _start(self, images, log_file):
        log = log_file.open("w+")
        self.server = subprocess.Popen(
            [self.program, "serve", "--listen", "127.0.0.1:0", "--images", images],
            env=self.environment, stdout=log, stderr=log,
        )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.server.poll() is None:
            found = re.search(r"http://([0-9.:]+)/", log_file.read_text())
            if found:
                self.base = f"http://{found[1]}"
                return
            time.sleep(0.1)
        self.stop()
        sys.exit("the server does not listen:\n" + log_file.read_text())

    def _add_user(self, name, *groups):
        """An account that may ask for tokens, made on the command line."""
        command = [self.program, "user", "add", name, "--allow-api", "--password-stdin"]
        for group in groups:
            command += ["--group", group]
        subprocess.run(command, input=PASSWORD + "\n", text=True, check=True, env=self.environment)

    def stop(self):
        self.server.terminate()
        self.server.wait(60)


def new_database():
    """A database of its own on the server that scripts/test has started."""
    server, name = os.environ["HALFTONE_TEST_POSTGRES"], "halftone_schema"
    subprocess.run(["psql", "--quiet", server, "-c", f"CREATE DATABASE {name}"], check=True)
    return f"{server.rsplit('/', 1)[0]}/{name}"


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


def run(folder, base, caller, headers, there, own_token, include):
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
        "SCHEMA_SESSION": json.dumps({"base": base, "headers": headers} if include else None),
    }
    # What it keeps for itself (.hypothesis, .schemathesis) goes to where it runs.
    outcome = subprocess.run(
        command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=environment,
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
        # Nobody may do only what has a floor. A token that signing in gave may come back as a value (0 there).
        elif floor is None and caller == "nobody" and good:
            verdict, wrong = "  NOT FOR EVERYBODY", wrong + 1
        print(f"  {good:4}/{total:<4} {share:4.2f}  {name}{verdict}")
    named = set(floors) | set(CANNOT.get(caller, {}))
    unknown = named - {f"{method} {route}" for method, route, _ in known}
    if unknown:
        print(f"{caller}: floors.json or CANNOT names what is not there: {sorted(unknown)}")
    return wrong + len(unknown)


def call_all(folder, site, callers, floors):
    """Lets each of these call everything; tells how much was wrong."""
    failures = 0
    with urllib.request.urlopen(f"{site.base}/api/v1/openapi.json") as answer:
        known = routes(json.load(answer))
    for caller in callers:
        headers, owner, own_token, include = {
            "nobody": lambda: ({}, site.maker, None, None),
            "session": lambda: (session(site.base, "root"), site.maker, None, SESSION_ONLY),
            "editor": lambda: (bearer(site.editor), site.editor, site.editor, None),
            "root": lambda: (bearer(site.root), site.root, site.root, None),
        }[caller]()
        there = world.make(site.base, site.maker, owner, caller, site.editor_id)
        if include == SESSION_ONLY:
            make_keys(site.base, headers, there)
        status, entries = run(folder, site.base, caller, headers, there, own_token, include)
        failures += status != 0
        failures += judge(caller, known, shares(known, entries), floors[caller])
        if len(entries) < (100 if include else 1000):
            print(f"{caller}: too few calls to mean anything")
            failures += 1
    return failures


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def call_one_site(program, folder, backend, callers, floors):
    """What was wrong with the answers of one server, and what is to be printed of it."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        site = Site(program, folder, backend)
        try:
            failures = call_all(folder, site, callers, floors)
        finally:
            site.stop()
    return failures, printed.getvalue()


def main():
    program, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    floors = json.loads((HERE / "floors.json").read_text())
    failures = 0
    # Between them both databases answer everything; who changes most, where most is kept. The callers
    # take their time over thinking what to ask, so both are called at once.
    sites = (("sqlite", ["nobody", "session", "editor"]), ("postgres", ["root"]))
    with ProcessPoolExecutor(len(sites)) as pool:
        at_work = [pool.submit(call_one_site, program, folder, *site, floors) for site in sites]
        for site in at_work:
            wrong, printed = site.result()
            print(printed, end="")
            failures += wrong
    sys.exit(1 if failures else 0)


main()
