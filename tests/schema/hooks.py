"""Helps schemathesis to calls that can succeed: what it generates is of the right form, but speaks of
ids, paths and names that nobody knows.

In two of three calls, what the document cannot know is put in: ids and paths of what is there (see
world.py), new names where they must be new. All else stays as it was generated, the wrong parts of calls
that are wrong on purpose too, unless the call is a helped one. Read by schemathesis through
SCHEMATHESIS_HOOKS; SCHEMA_WORLD names the file of what is there.
"""

import itertools
import json
import os
import random
import urllib.parse

import schemathesis

from totp import Totp
from world import PASSWORD, png, upload_headers

WORLD = json.loads(open(os.environ["SCHEMA_WORLD"], encoding="utf-8").read())
KEEP, CALLER = WORLD["keep"], WORLD["caller"]
CHOICE = random.Random(1)
NUMBER = itertools.count()
# Of a web session alone.
SESSION = json.loads(os.environ["SCHEMA_SESSION"])
TOTP = Totp(SESSION["base"], SESSION["headers"]) if SESSION else None
HELPED = 2 / 3
# Bytes of a query that is sent.
MOST_QUERY = 4_000
# An id that nothing has.
UNKNOWN = 2**53
# Accounts and groups up to the callers' own; to change them would end the run.
FIRST_OWN = min(KEEP["user_id"])
FIRST_GROUP = min(KEEP["group_id"])


def fresh(prefix=""):
    return f"{prefix}{CALLER}-x{next(NUMBER)}"


# What a field of this name takes, wherever it stands.
FIELDS = {
    "user_id": lambda: CHOICE.choice(KEEP["user_id"]),
    "group_id": lambda: CHOICE.choice(KEEP["group_id"]),
    "folder_id": lambda: CHOICE.choice(KEEP["folder_id"]),
    "image_id": lambda: CHOICE.choice(KEEP["image_id"]),
    "template_id": lambda: CHOICE.choice(KEEP["template_id"]),
    "permission_id": lambda: CHOICE.choice(KEEP["permission_id"]),
    "folio_id": lambda: CHOICE.choice(KEEP["folio_id"]),
    "task_id": lambda: CHOICE.choice(KEEP["task_id"]),
    "key": lambda: CHOICE.choice(KEEP["key"]),
    "function": lambda: CHOICE.choice(KEEP["function"]),
    "src": lambda: CHOICE.choice(KEEP["src"]),
    "image_src": lambda: CHOICE.choice(KEEP["src"]),
    "image_ids": lambda: str(CHOICE.choice(KEEP["image_id"])),
    "table": lambda: f"src,title\n{CHOICE.choice(KEEP['src'])},{fresh('Title ')}\n",
    "dry_run": lambda: False,
    "path": lambda: KEEP["folder"],
    "human_id": lambda: CHOICE.choice(KEEP["human_id"]),
    "value": lambda: CHOICE.choice(KEEP["template_name"]),
    "name": lambda: fresh("name "),
    "username": lambda: fresh("user-"),
    "password": lambda: PASSWORD,
    "auth_type": lambda: 1,
    "allow_api": lambda: True,
    "first_name": lambda: "Jo",
    "last_name": lambda: "Fowler",
    "email": lambda: "jo@example.com",
    "group_type": lambda: 2,
    "description": lambda: "some words",
    "title": lambda: "A title",
    "tags": lambda: "spring, press",
    "access": lambda: "10",
    "internal_access": lambda: "20",
    "public_access": lambda: "10",
    "template": lambda: {"width": {"value": 40}},
    "image_parameters": lambda: {"width": {"value": 40}},
    "before_time": lambda: "2001-01-01T00:00:00",
    "date_to": lambda: "2001-01-01",
    "expiry_time": lambda: "2090-01-01",
    "from": lambda: "2001-01-01",
    "to": lambda: "2090-01-01",
    "taken_from": lambda: "2001-01-01",
    "taken_before": lambda: "2090-01-01",
    "filename": lambda: "a.png",
    "index": lambda: 0,
    "files": lambda: [png()],
    "overwrite": lambda: "rename",
    "required": lambda: False,
    "expires_days": lambda: 30,
    "scopes": lambda: "read",
    "start": lambda: 0,
    "q": lambda: "keep",
    "tag_id": lambda: CHOICE.choice(KEEP["tag_id"]),
    "list_id": lambda: CHOICE.choice(KEEP["list_id"]),
    "upload": lambda: CHOICE.choice(KEEP["upload"]),
}
# Where a name means something else.
OF_OPERATION = {
    "POST /admin/filesystem/folders/": {"path": lambda: f"/{CALLER}/{fresh('new-')}"},
    "PUT /admin/filesystem/folders/{folder_id}/": {"path": lambda: f"/{CALLER}/{fresh('moved-')}"},
    "PUT /admin/filesystem/images/{image_id}/": {"path": lambda: f"{CALLER}/keep/{fresh()}.png"},
    "POST /portfolios/": {"human_id": lambda: fresh("folio-")},
    "PUT /portfolios/{folio_id}/": {"human_id": lambda: fresh("folio-")},
    "POST /portfolios/{folio_id}/images/": {"image_id": lambda: CHOICE.choice(WORLD["new_images"])},
    "POST /admin/permissions/": {"folder_id": lambda: CHOICE.choice(WORLD["new_folders"])},
    "POST /token/": {"username": lambda: "signer"},
    "GET /tags/": {"q": lambda: "s"},
    "POST /admin/tag-lists/": {"tags": lambda: fresh("tag-")},
    "PUT /admin/tag-lists/{list_id}/": {"tags": lambda: fresh("tag-")},
}
# Header fields of calls that may succeed.
HEADERS = {
    "POST /uploads/": lambda: upload_headers(KEEP["folder"], f"{fresh()}.png"),
    "PATCH /uploads/{upload}/": lambda: {"Upload-Offset": "0", "Upload-Checksum": None},
}
# Beside what is required, these have to be there.
BESIDE = {
    "POST /admin/users/": ["password"],
    "POST /admin/tasks/{function}/": ["before_time", "path"],
    "POST /upload/": ["path"],
    "POST /portfolios/{folio_id}/images/": ["image_id"],
    "POST /basket/images/": ["image_ids"],
    "GET /admin/metadata/": ["path"],
}
# Of these, one takes the other's place, or none will do.
WITHOUT = {
    "POST /upload/": ["path_index"],
    "POST /portfolios/{folio_id}/images/": ["image_src", "filename", "index"],
    "POST /basket/images/": ["image_src"],
    "POST /token/": ["code"],
    "GET /tokenlogin/": ["next"],
}
# What others are asked for by; only what is there for it is deleted.
DELETED = {
    "DELETE /portfolios/{folio_id}/": "folio_id",
    "DELETE /admin/users/{user_id}/": "user_id",
    "DELETE /admin/groups/{group_id}/": "group_id",
}
# Who is no administrator of accounts changes the own one: neither its name, by which it is asked for, nor
# its password, with which all of its tokens would end.
OWN = {"user_id": WORLD["own_id"], "username": CALLER, "allow_api": True}


def with_totp(case, operation, helped):
    """Brings one-time passwords to where a call can succeed, and gives a helped one the code. Others find
    them off: every wrong code would count as an attempt to guess."""
    if not TOTP or operation not in ("POST /totp/", "PUT /totp/", "DELETE /totp/"):
        return
    TOTP.off()
    if helped and case.method == "PUT":
        case.body = {"code": TOTP.begin()}
    if helped and case.method == "DELETE":
        case.query = {"code": TOTP.on()}


@schemathesis.hook
def filter_query(context, query):
    """No address is longer than servers take them: that is refused before the API is asked."""
    return len(urllib.parse.urlencode(query or {}, doseq=True)) <= MOST_QUERY


@schemathesis.hook
def after_call(context, case, response):
    if TOTP and f"{case.method} {case.path}" == "PUT /totp/" and response.status_code == 200:
        TOTP.confirmed(response.json()["data"]["recovery_codes"])


@schemathesis.serializer("application/offset+octet-stream")
def bytes_as_they_are(context, value):
    return value if isinstance(value, bytes) else str(value).encode()


def value(operation, name):
    made = OF_OPERATION.get(operation, {}).get(name) or FIELDS.get(name)
    return made() if made else None


def path_values(operation, template, names):
    spent = WORLD["spend"].get(operation)
    if spent:
        return spent.pop()
    pairs = WORLD["pairs"].get(template)
    if pairs:
        return CHOICE.choice(pairs)
    return {name: value(operation, name) for name in names}


def filled(operation, fields, given):
    """What was given with what is required, of values that fit, and without what cannot be there."""
    wanted = set(BESIDE.get(operation, []))
    without = WITHOUT.get(operation, [])
    result = {}
    for name, required in fields.items():
        if name in without or not (required or name in wanted or name in given):
            continue
        made = value(operation, name)
        result[name] = made if made is not None else given.get(name)
        if result[name] is None:
            del result[name]
    return result


def body_fields(definition):
    media = next(iter(definition.get("requestBody", {}).get("content", {}).values()), {})
    schema = media.get("schema", {})
    required = schema.get("required", [])
    return {name: name in required for name in schema.get("properties", {})}


def query_fields(definition):
    parameters = [one for one in definition.get("parameters", []) if one["in"] == "query"]
    return {one["name"]: bool(one.get("required")) for one in parameters}


def spare(case, operation):
    """Calls that would end the run: changes of the callers themselves, and of what others are asked for by."""
    if case.method == "GET":
        return
    if case.method == "DELETE":
        name = DELETED.get(operation)
        kept = name and str(case.path_parameters.get(name, "")) in [str(one) for one in KEEP[name]]
        if kept:
            case.path_parameters[name] = UNKNOWN
    for name, first in (("user_id", FIRST_OWN), ("group_id", FIRST_GROUP)):
        given = str(case.path_parameters.get(name, ""))
        if given.isdigit() and int(given) < first and not (case.method == "PUT" and CALLER == "editor"):
            another = UNKNOWN if DELETED.get(operation) == name else CHOICE.choice(KEEP[name])
            case.path_parameters[name] = another


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = f"{case.method} {case.path}"
    definition = context.operation.definition.raw
    names = [one["name"] for one in definition.get("parameters", []) if one["in"] == "path"]
    helped = CHOICE.random() < HELPED
    if helped:
        spent = WORLD["spend"].get(operation)
        if names:
            case.path_parameters.update(path_values(operation, case.path, names))
        elif spent:
            case.query = spent.pop()
        fields = query_fields(definition)
        if fields and not (spent is not None and not names):
            given = case.query if isinstance(case.query, dict) else {}
            case.query = filled(operation, fields, given)
        fields = body_fields(definition)
        if fields:
            given = case.body if isinstance(case.body, dict) else {}
            case.body = filled(operation, fields, given)
        if operation == "PUT /admin/users/{user_id}/" and CALLER == "editor":
            case.path_parameters["user_id"] = OWN["user_id"]
            case.body = {**case.body, "username": OWN["username"], "allow_api": OWN["allow_api"]}
            case.body.pop("password", None)
        if operation == "GET /admin/users/{user_id}/" and CALLER == "editor":
            case.path_parameters["user_id"] = OWN["user_id"]
        told = HEADERS.get(operation, dict)()
        if told:
            given = {name: text for name, text in (case.headers or {}).items() if name not in told}
            case.headers = given | {name: text for name, text in told.items() if text is not None}
        if operation == "PATCH /uploads/{upload}/":
            case.body = png()
        if operation == "GET /tokenlogin/":
            case.query["token"] = os.environ.get("SCHEMA_TOKEN", "none")
    elif operation == "PUT /admin/users/{user_id}/" and isinstance(case.body, dict):
        case.body.pop("password", None)
    with_totp(case, operation, helped)
    spare(case, operation)
