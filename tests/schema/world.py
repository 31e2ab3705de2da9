"""What is there to ask about: people, folders, pictures, templates and portfolios, made over the API.

For each caller a world of its own, some of which lasts and some of which is there to be deleted, one by
one. `make` gives all ids as one object, which hooks.py reads.
"""

import base64
import json
import struct
import time
import urllib.error
import urllib.request
import zlib
from urllib.parse import urlencode

PASSWORD = "a long enough password"
# As many calls of one kind succeed at the most.
SPENT = 60


def png():
    """A picture of 8 by 6 pixels (PNG specification, sections 5 and 11)."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x40\x80\xc0" * 8) * 6
    head = struct.pack(">IIBBBBB", 8, 6, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def upload_headers(path, filename):
    """What begins a resumable upload of the picture (tus 1.0.0, creation)."""

    def pair(name, value):
        return f"{name} {base64.b64encode(value.encode()).decode()}"

    metadata = [pair("filename", filename), pair("path", path), pair("overwrite", "rename")]
    return {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(png())),
        "Upload-Metadata": ",".join(metadata),
    }


def library(folder, callers):
    """The folders of every caller: pictures that stay, pictures and folders that may go."""
    picture = png()
    for caller in callers:
        own = folder / caller
        for part, count in (("keep", 10), ("move", SPENT), ("gone", SPENT), ("lost", SPENT)):
            (own / part).mkdir(parents=True)
            for number in range(count):
                (own / part / f"{number}.png").write_bytes(picture)
        for kind in ("leave", "walk"):
            for number in range(SPENT):
                (own / f"{kind}-{number}").mkdir()


class Api:
    def __init__(self, base, token):
        self.base, self.token = base + "/api/v1", token

    def call(self, method, path, /, **fields):
        body = None if method in ("GET", "DELETE") else json.dumps(fields).encode()
        query = "?" + urlencode(fields) if fields and body is None else ""
        request = urllib.request.Request(self.base + path + query, body, method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}") from error

    def upload(self, path, filename):
        """Begins a resumable upload; its name."""
        headers = {**upload_headers(path, filename), "Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.base + "/uploads/", b"", headers, method="POST")
        with urllib.request.urlopen(request) as answer:
            return answer.headers["Location"].rsplit("/", 1)[-1]

    def get(self, path, /, **fields):
        return self.call("GET", path, **fields)

    def post(self, path, /, **fields):
        return self.call("POST", path, **fields)

    def details(self, src):
        return self.get("/details/", src=src)

    def folder(self, path):
        return self.get("/admin/filesystem/folders/", path=path)["id"]


def people(api, caller):
    """Accounts, those that are marked deleted, and groups; the first ones last."""

    def user(number):
        name = f"{caller}-{number}"
        made = api.post(
            "/admin/users/", username=name, password=PASSWORD, auth_type=1, allow_api=False,
            first_name="A", last_name="B", email="a@example.com",
        )
        return made["id"]

    def group(name):
        flags = ["folios", "reports", "admin_users", "admin_files", "admin_folios", "admin_permissions", "admin_all"]
        rights = {f"access_{flag}": False for flag in flags}
        made = api.post("/admin/groups/", name=f"{caller} {name}", description="", group_type=2, **rights)
        return made["id"]

    # Hashing a password is what takes long; those to be deleted are few.
    users = [user(number) for number in range(20)]
    deleted = users[14:]
    for one in deleted:
        api.call("DELETE", f"/admin/users/{one}/")
    return users[:14], deleted, [group(number) for number in range(4)], [group(f"gone {n}") for n in range(SPENT)]


def portfolios(api, caller, images):
    def portfolio(name):
        made = api.post(
            "/portfolios/", human_id=f"{caller}-{name}", name=name, description="",
            internal_access="20", public_access="10",
        )
        return made["id"]

    keep = [portfolio(f"keep-{number}") for number in range(3)]
    pairs = [[folio, image] for folio in keep for image in images[:5]]
    for folio, image in pairs:
        api.post(f"/portfolios/{folio}/images/", image_id=image)
    shrinking = portfolio("shrinking")
    spare = images[:SPENT]
    for image in spare:
        api.post(f"/portfolios/{shrinking}/images/", image_id=image)
    exports = []
    for number in range(SPENT // 2):
        task = api.post(
            f"/portfolios/{keep[0]}/exports/", format="zip", description="", originals=False,
            expiry_time="2090-01-01",
        )
        exports.append(task["task_id"])
    wait_for(api, exports)
    tasks = exports
    exports = [[keep[0], export["id"]] for export in api.get(f"/portfolios/{keep[0]}/exports/")]
    gone = [portfolio(f"gone-{number}") for number in range(SPENT)]
    return keep, pairs, [[shrinking, image] for image in spare], exports, gone, tasks


def wait_for(api, tasks):
    deadline = time.monotonic() + 120
    for task in tasks:
        while api.get(f"/admin/tasks/{task}/")["status"] != 2:
            if time.monotonic() > deadline:
                raise SystemExit("portfolios are not published in time")
            time.sleep(0.1)


def make(base, root, owner, caller, own_id):
    """Everything for a caller. `root` is an administrator's token, `owner` that of who will own the
    portfolios."""
    api = Api(base, root)
    users, deleted, groups, spare_groups = people(api, caller)
    named = [api.details(f"{caller}/keep/{number}.png") for number in range(10)]
    images = [image["id"] for image in named]
    moved = [api.details(f"{caller}/move/{number}.png")["id"] for number in range(SPENT)]
    gone = [api.details(f"{caller}/gone/{number}.png")["id"] for number in range(SPENT)]
    folders = {
        kind: [api.folder(f"/{caller}/{kind}-{number}") for number in range(SPENT)]
        for kind in ("leave", "walk")
    }
    keep_folder = named[0]["folder_id"]
    for number in range(SPENT):
        api.call("DELETE", f"/admin/filesystem/images/{api.details(f'{caller}/lost/{number}.png')['id']}/")
    recycled = [
        {"recycled_id": item["id"]}
        for item in api.get("/admin/recycled/", limit=1000)
        if item["path"].startswith(f"{caller}/lost/")
    ]
    lists = [
        api.post("/admin/tag-lists/", name=f"{caller} {number}", tags=f"{caller}-tag-{number}")
        for number in range(SPENT)
    ]
    tags = [tag["id"] for made in lists for tag in made["tags"]]
    # One account may have a hundred at once, and the run begins some itself.
    uploads = [Api(base, owner).upload(f"{caller}/keep", f"part-{number}.png") for number in range(40)]

    def template(name):
        template = {"width": {"value": 40}}
        return api.post("/admin/templates/", name=f"{caller}-{name}", description="", template=template)["id"]

    def permission(folder, group):
        return api.post("/admin/permissions/", folder_id=folder, group_id=group, access="10")["id"]

    templates = [template(f"keep-{number}") for number in range(3)]
    for folder in folders["walk"]:
        api.call("PUT", "/admin/folder-templates/", folder_id=folder, group_id=groups[0],
                 required=False, template_id=templates[0])
    for user in users[:6]:
        for group in groups:
            api.post(f"/admin/groups/{group}/members/", user_id=user)
    folios, pairs, spare_pairs, exports, spare_folios, tasks = portfolios(Api(base, owner), caller, images + moved)
    return {
        "caller": caller,
        "own_id": own_id,
        "keep": {
            "user_id": users[:6],
            "group_id": groups,
            "folder_id": [keep_folder],
            "image_id": images,
            "template_id": templates,
            "permission_id": [permission(keep_folder, group) for group in groups],
            "folio_id": folios,
            "task_id": tasks,
            "key": ["default_template"],
            "function": ["purge_system_stats", "purge_image_stats", "purge_deleted_folder_data"],
            "src": [image["src"] for image in named],
            "human_id": [f"{caller}-keep-{number}" for number in range(3)],
            "template_name": [f"{caller}-keep-{number}" for number in range(3)],
            "folder": f"/{caller}/keep",
            "list_id": [made["id"] for made in lists[:5]],
            "tag_id": tags[:5],
            "upload": uploads[:5],
        },
        # Images that are in no portfolio yet, and folders for which nobody has a permission.
        "new_images": gone,
        "new_folders": folders["leave"] + folders["walk"][:10],
        # Values of the path or the query for calls that may succeed once.
        "spend": {
            "DELETE /admin/users/{user_id}/": [{"user_id": user} for user in users[6:]],
            "POST /admin/users/{user_id}/restore/": [{"user_id": user} for user in deleted],
            "DELETE /admin/groups/{group_id}/": [{"group_id": group} for group in spare_groups],
            "DELETE /admin/groups/{group_id}/members/{user_id}/": [
                {"group_id": group, "user_id": user} for user in users[:6] for group in groups
            ],
            "DELETE /admin/templates/{template_id}/": [
                {"template_id": template(f"gone-{number}")} for number in range(SPENT)
            ],
            "DELETE /admin/permissions/{permission_id}/": [
                {"permission_id": permission(folder, groups[0])} for folder in folders["walk"]
            ],
            "DELETE /admin/folder-templates/": [
                {"folder_id": folder, "group_id": groups[0], "required": "false"}
                for folder in folders["walk"]
            ],
            "DELETE /admin/filesystem/images/{image_id}/": [{"image_id": image} for image in gone],
            "PUT /admin/filesystem/images/{image_id}/": [{"image_id": image} for image in moved],
            "DELETE /admin/filesystem/folders/{folder_id}/": [
                {"folder_id": folder} for folder in folders["leave"]
            ],
            "PUT /admin/filesystem/folders/{folder_id}/": [
                {"folder_id": folder} for folder in folders["walk"]
            ],
            "DELETE /admin/recycled/{recycled_id}/": recycled[: SPENT // 2],
            "POST /admin/recycled/{recycled_id}/restore/": recycled[SPENT // 2 :],
            "DELETE /admin/tag-lists/{list_id}/": [{"list_id": made["id"]} for made in lists[5:]],
            "DELETE /admin/tags/{tag_id}/": [{"tag_id": tag} for tag in tags[5:]],
            "PATCH /uploads/{upload}/": [{"upload": upload} for upload in uploads[5:20]],
            "DELETE /uploads/{upload}/": [{"upload": upload} for upload in uploads[20:]],
            "DELETE /portfolios/{folio_id}/": [{"folio_id": folio} for folio in spare_folios],
            "DELETE /portfolios/{folio_id}/images/{image_id}/": [
                {"folio_id": folio, "image_id": image} for folio, image in spare_pairs
            ],
            "DELETE /portfolios/{folio_id}/exports/{export_id}/": [
                {"folio_id": folio, "export_id": export} for folio, export in exports[3:]
            ],
        },
        "pairs": {
            "/portfolios/{folio_id}/images/{image_id}/": [
                {"folio_id": folio, "image_id": image} for folio, image in pairs
            ],
            "/portfolios/{folio_id}/images/{image_id}/position/": [
                {"folio_id": folio, "image_id": image} for folio, image in pairs
            ],
            "/portfolios/{folio_id}/exports/{export_id}/": [
                {"folio_id": folio, "export_id": export} for folio, export in exports[:3]
            ],
        },
    }
