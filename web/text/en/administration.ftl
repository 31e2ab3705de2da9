# Words of the administration pages.
admin-title = Administration
admin-overview = Overview
admin-people = People
admin-pictures = Pictures
admin-server = Server
overview-originals = Originals
overview-users = Users
overview-groups = Groups
overview-running = Tasks running
overview-waiting = Tasks waiting
overview-requests = Requests since start
overview-cache = Cache used
admin-add = Add
admin-yes = yes
admin-no = no
admin-actions = Actions
users-about = Who can sign in.
groups-about = What groups allow, and who belongs to them.
permissions-about = What each group may do in each folder.
explain-about = Who can do what, and why.
templates-about = Named sets of image parameters, with a preview.
tags-about = Rename and delete tags, and manage tag lists.
recycled-about = Deleted files that can still be restored.
status-about = What every process and thread is doing now.
tasks-about = Work done in the background.
cache-about = How full the caches are; rebuild pictures.
maintenance-about = Jobs that you can start by hand.
settings-about = Settings in effect, and where they come from.
audit-about = Who changed what, and when.

# Levels of access
level-none = No access
level-view = View
level-download = Download
level-edit = Edit details
level-upload = Upload
level-delete = Delete pictures
level-create-folder = Create folders
level-delete-folder = Full access

# Users
users-title = Users
users-count = { $count ->
    [one] One account
   *[other] { $shown } accounts
}
users-find = Find by name or email
users-show = Which accounts
users-active = Active
users-deleted = Deleted
users-all = All
users-none = Nobody found
users-none-text = Try fewer letters, or search the deleted accounts.
user-name = User name
user-account = Account
user-person = Person
user-groups = Groups
user-marks = Status
user-deleted = Deleted
user-api = API
user-ldap = Directory
user-new = New user
user-make = Create user
user-new-hint = New users join the group Normal users.
user-kept-by = Password managed by
user-kept-here = This server
user-kept-ldap = The organisation's directory
user-password-hint = 8 to 120 characters.
user-password-kept = Not needed: the directory manages it.
user-allow-api = May use the API with tokens and keys
user-above = This account has permissions that you may not grant. Only somebody who administers permissions can change it.
user-own = This is your own account. Change its password on the page:
user-no-groups = Not in any group.
user-add-group = Add to a group
user-may = Access
user-no-permissions = None beyond the folder permissions of its groups.
user-no-api = No API access
user-keys = { $count ->
    [0] May use the API; no keys
    [one] May use the API; one key
   *[other] May use the API; { $shown } keys
}
user-second-on = On: signing in also needs a code
user-second-off = Off
user-second-reset = Reset two-step sign-in
user-second-reset-text = For somebody who has lost both the authenticator and the recovery codes. Signing in then needs only the password, until it is set up again.
user-password-foreign = The organisation's directory manages this password.
user-password-ends = A new password ends all sessions and tokens of the account.
user-delete = Delete user
user-delete-title = Delete the user { $name }?
user-delete-text = The account can no longer sign in, and its sessions, tokens and keys end at once. You can reactivate it later.
user-restore = Reactivate
member-take-out = Remove { $name }
member-add = Add { $name }
group-join = Add to { $name }
done-user-made = The user has been created.
done-user-saved = The user has been saved.
done-user-password-saved = The password has been changed. All sessions of the account have ended.
done-user-deleted = The user has been deleted.
done-user-restored = The user is active again.
done-totp-reset = Two-step sign-in has been reset; signing in needs only the password.
done-member-added = Added to the group.
done-member-removed = Removed from the group.

# Groups
groups-title = Groups
groups-lead = Permissions are granted to groups. Everybody, signed in or not, has at least those of Public.
group-new = New group
group-make = Create group
group-name = Group
group-description = Description
group-about = Details
group-type = Type
group-system = System group
group-local = Normal group
group-ldap = Directory group
group-members = Members
group-grants = Members may
group-everybody = Everybody
group-public-hint = Public has only the permissions that are set for each folder.
group-public-members = Everybody belongs to this group, signed in or not.
group-no-members = The group has no members yet.
group-add = Find a user to add
group-nobody = No other user has such a name.
group-delete-title = Delete the group { $name }?
group-delete-text = Its members lose its permissions, including access to folders. This cannot be undone.
done-group-made = The group has been created.
done-group-saved = The group has been saved.
done-group-deleted = The group has been deleted.

# Folder permissions
permissions-title = Folder permissions
folder-permissions = Permissions
permissions-lead = A level applies to a folder and everything below it, unless another one is set further down.
permissions-go = Go to a folder
permissions-folder = Folder
permissions-tree-of = Show levels of
permissions-show = Show
permissions-tree = Access of { $name }
permissions-legend = What members of the group have. Marked levels are set in that folder itself; the others are inherited, or come from { $name }.
permissions-own = set here
permissions-from = from
permissions-nothing = nothing set
permissions-itself = for the group itself: { $name },
permissions-unset = Not set
permissions-inherited = Inherited: { $name }
permissions-administers = Administers files: full access everywhere
permissions-level-of = Level of { $name }
permissions-set = Set
permissions-set-for = Set the level of { $name }
permissions-clear = Clear
permissions-clear-for = Clear the level of { $name }
permissions-templates = Templates
permissions-templates-lead = Templates that apply to groups in this folder and below it.
folder-template-group = Group
folder-template-template = Template
folder-template-holds = Applies
folder-template-free = No template
folder-template-default = If none is named
folder-template-required = Always
done-permission-set = The level has been set.
done-permission-cleared = The level has been cleared and is inherited again.
done-folder-template-set = The template has been set.
done-folder-template-cleared = The template no longer applies here.

# Explanation
explain-title = Check access
explain-lead = Choose a person and a folder to see the level of access and the rule behind it.
explain-user = User
explain-visitor = A visitor who is not signed in
explain-path = Folder or picture
explain-go = Check
explain-in = in
explain-administrator = The group { $name } administers files: full access everywhere.
explain-record = Set for the group { $name } in { $folder }.
explain-public = Set for everybody in { $folder }.
explain-nothing = Nothing is set for any of the groups in this folder or above it.
explain-key = The API key allows no more.
explain-steps = Access of each group
explain-level = Level
explain-record-of = Set in
explain-highest = For each group, the level set in this folder or the nearest one above it applies. The highest of them decides.
explain-empty = Choose a user and a folder
explain-empty-text = Leave the user blank to see what everybody may do.

# Templates
templates-title = Templates
templates-lead = A template is a named set of image parameters. Add tmp=NAME to an address to use it. Locked values cannot be changed by an address.
templates-none = There are no templates
template-new = New template
template-name = Name
template-description = Description
template-default = Default template
template-as-default = Make default
template-make-default = Make default: { $name }
template-edit = Edit { $name }
template-locked = { $shown } locked
template-lock = Lock { $name }
template-lock-short = Lock
template-not-set = Not set (default: { $name })
template-json = As JSON
template-json-hint = An object of parameters, each an object with a value, and "locked": true if it is locked.
template-preview = Preview
template-picture = Preview with picture
template-show = Show
template-as-stored = As saved.
template-as-edited = With your changes; locks are ignored.
template-no-picture = There is no picture to preview it with.
template-delete-title = Delete the template { $name }?
template-delete-text = Addresses that use it will fail. This cannot be undone.
done-template-made = The template has been created.
done-template-saved = The template has been saved.
done-template-deleted = The template has been deleted.
done-template-made-default = The default template has been changed.

# Tags
tags-title = Tags
tags-count = { $count ->
    [0] No tags
    [one] One tag
   *[other] { $shown } tags
}
tags-find = Find tags starting with
tags-none = No tags
tags-none-text = Tags appear here once a picture or a tag list has them.
tag-name = Tag
tag-images = Pictures
tag-list = List
tag-rename = Rename { $name }
tag-delete = Delete { $name }
tag-delete-title = Delete the tag { $name }?
tag-delete-text = { $count ->
    [0] No picture has it.
    [one] It is removed from one picture.
   *[other] It is removed from { $shown } pictures.
}
tag-lists = Tag lists
tag-lists-lead = Tags in lists are suggested first when you tag pictures.
tag-lists-none = There are no tag lists.
tag-list-new = New list
tag-list-make = Create list
tag-list-name = Name
tag-list-edit = Edit { $name }
tag-list-delete = Delete the list { $name }
tag-list-delete-title = Delete the list { $name }?
tag-list-delete-text = Its tags are kept.
done-tag-renamed = The tag has been renamed.
done-tag-deleted = The tag has been deleted.
done-tag-list-made = The list has been created.
done-tag-list-saved = The list has been saved.
done-tag-list-deleted = The list has been deleted.

# Recycle folder
recycled-title = Recycle folder
recycled-days = { $count ->
    [one] Deleted and overwritten files are kept here for one day.
   *[other] Deleted and overwritten files are kept here for { $shown } days.
}
recycled-empty = Empty the recycle folder
recycled-empty-title = Empty the recycle folder?
recycled-empty-text = { $count ->
    [one] One item is deleted for good.
   *[other] { $shown } items are deleted for good.
}
recycled-none = Nothing has been deleted
recycled-was = Original location
recycled-by = By
recycled-when = When
recycled-until = Kept until
recycled-restore = Restore
recycled-restore-label = Restore { $name }
recycled-end = Delete { $name } for good
recycled-end-text = It cannot be restored after that.
recycled-end-go = Delete for good
recycled-restored-as = Restored as { $name }
done-recycled-restored = It has been restored.
done-recycled-ended = It has been deleted for good.
done-recycled-emptied = The recycle folder has been emptied.

# Tasks
tasks-title = Tasks
tasks-lead = Work done in the background. Finished tasks stay in the list for a day.
tasks-show = Which tasks
tasks-all = All
tasks-running = Running
tasks-waiting = Waiting
tasks-done = Done
tasks-none = No tasks
tasks-none-text = There is nothing to do.
task-number = Task { $name }
task-stopping = Stopping
task-running = Running
task-held = Needs your confirmation
task-again = Will be retried
task-waiting = Waiting
task-cancelled = Cancelled
task-failed = Failed
task-done = Done
task-finished = Finished
task-took = took { $name }
task-progress = { $count } of { $total }
task-progress-of = Progress of { $name }
task-run = Run now
task-run-label = Run now: { $name }
task-cancel = Cancel
task-cancel-label = Cancel: { $name }
done-task-begun = The task has been started.
done-task-run = The task runs as soon as possible.
done-task-cancelled = The task has been told to stop.

# Maintenance
maintenance-title = Maintenance
maintenance-lead = Each of these starts a task; follow its progress in the list of tasks.
job-folder = Folder
job-before = Older than
job-sure = This cannot be undone.
job-sync = Scan library
job-sync-text = Compares the library with its files and finds new, moved and missing ones. This also happens automatically from time to time.
job-sync-yes = Mark all missing files as deleted, even if there are many
job-sync-go = Scan
job-read = Read new files
job-read-text = Reads size, metadata and text of files that are new or have changed.
job-read-go = Read new files
job-prepare = Prepare smaller versions
job-prepare-text = Makes smaller versions of large originals, so that other sizes are made faster. This happens automatically when needed; here you can do it in advance.
job-prepare-go = Prepare
job-made-text = Discards everything made from one original, a folder or the whole library, as if these had changed.
job-made-open = Choose what to rebuild
job-made-ask = Rebuild these pictures?
job-made-ask-of = Rebuild all pictures in { $name }?
job-made-sure = The server is busier until they have been made again. Front servers and browsers may show old versions for as long as they were told to keep them.
job-system-stats = Delete old system statistics
job-system-stats-text = Deletes totals and per-host statistics older than the date.
job-system-stats-go = Delete
job-system-stats-ask = Delete old system statistics?
job-system-stats-ask-of = Delete all system statistics before { $name }?
job-image-stats = Delete old picture statistics
job-image-stats-text = Deletes statistics of single pictures older than the date.
job-image-stats-go = Delete
job-image-stats-ask = Delete old picture statistics?
job-image-stats-ask-of = Delete all picture statistics before { $name }?
job-deleted = Purge data of deleted files
job-deleted-text = Deletes what is still stored about files and folders that no longer exist: titles, tags, history, statistics, permissions.
job-deleted-go = Purge
job-deleted-ask = Purge the data of deleted files?
job-deleted-ask-of = Purge the data of deleted files in { $name }?
job-backup = Back up
job-backup-text = A backup contains the database and the settings. To make one, run this command on the server:

# Cache
cache-title = Cache
cache-lead = Where finished pictures are kept, as seen by this server process.
cache-memory = Memory of this server process
cache-disk = Disk
cache-memcached = memcached
cache-away = The server does not answer. Pictures are made and sent without it.
cache-fill = { $used } of { $limit }
cache-hits = Hits
cache-misses = Misses
cache-puts = Stored
cache-errors = Errors
cache-items = Items
cache-evictions = Evicted
cache-purge = Rebuild pictures
cache-purge-text = For when something looks outdated: what was made from one original, a folder, or everything is discarded and made again on demand.
cache-purge-edge = { $count ->
    [one] Front servers may keep public pictures for one second.
   *[other] Front servers may keep public pictures for { $shown } seconds; where their cache is known, it is purged too.
}
cache-purge-path = Original or folder
cache-purge-hint = Starting at the top of the library; / means everything.
cache-purge-go = Rebuild

# Settings
settings-title = Settings
settings-lead = The settings in use by this server process. Change them in files or the environment; secrets are never shown.
settings-find = Find a setting
settings-show = Which settings
settings-all = All
settings-given = Changed
settings-count = { $count ->
    [0] No settings
    [one] One setting
   *[other] { $shown } settings
}
settings-none = No setting found
settings-default = default
settings-default-is = default:
settings-file = { $name }, line { $line }
settings-environment = environment variable { $name }
settings-command-line = command line
settings-secret = (a secret)
settings-blank = blank
settings-empty = none
settings-restart = needs a restart

# Audit log
audit-title = Audit log
audit-count = { $count ->
    [0] No entries
    [one] One entry
   *[other] { $shown } entries
}
audit-filter = Filter
audit-when = When
audit-who = Who
audit-what = What
audit-object = Object
audit-none = No entries

# Status
status-started = Running since
status-slots-used = Pictures in progress / limit
status-being-made = Pictures in progress or waiting
status-waiting = Requests waiting for a thread
status-held = Pixels held by pictures in progress
status-idle = All threads are idle.
worker-free = Free
worker-starting = Starting
worker-ready = Ready
worker-draining = Finishing
stage-routing = Reading the request
stage-source = Checking the original
stage-cache = Checking the caches
stage-waiting = Waiting for a slot
stage-decoding = Decoding
stage-pixels = Processing
stage-encoding = Encoding
stage-storing = Storing in the cache
stage-other = Page or API call
counted-for = Requests for
counted-2xx = Answered
counted-3xx = Redirected or unchanged
counted-4xx = Refused or not found
counted-5xx = Failed
counted-note = By HTTP status: 2xx, 3xx, 4xx, 5xx.
counted-image = Pictures
counted-original = Originals
counted-api = API calls
counted-page = Pages and their files
counted-probe = Monitoring
counted-pictures = Where pictures came from
counted-memory = Answered at once from memory
counted-cached = A cache (memory, disk or memcached)
counted-unchanged = The browser had it already
counted-made = Made for the request
counted-joined = Shared with another request
counted-refusals = Why pictures were refused
counted-signature = Signature missing or wrong
counted-referer = Not allowed on the page
counted-rate = Too many new pictures for one client
counted-places = Too many requests waiting
counted-wait = Waited too long
