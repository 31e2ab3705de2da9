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
overview-requests = Requests since the start
overview-cache = Cache filled
admin-add = Add
admin-yes = yes
admin-no = no
admin-actions = Actions
users-about = Who can sign in, and as what.
groups-about = What groups grant, and who belongs to them.
permissions-about = What each group may do in each folder.
explain-about = Why somebody may, or may not.
templates-about = Named sets of image parameters, with a picture of what they do.
tags-about = Rename and remove tags, keep lists of them.
recycled-about = What was deleted, and can still be brought back.
status-about = What every process and thread is doing now.
tasks-about = What is done in the background.
cache-about = How full the caches are; have pictures made anew.
maintenance-about = Work that can be begun by hand.
settings-about = What holds, and where it was given.
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
    [0] Nobody
    [one] One account
   *[other] { $shown } accounts
}
users-find = Find by name or e-mail
users-show = Which accounts
users-active = Active
users-deleted = Deleted
users-all = All
users-none = Nobody found
users-none-text = Try fewer letters, or look among the deleted accounts.
user-name = User name
user-account = Account
user-person = Person
user-groups = Groups
user-marks = Marks
user-deleted = Deleted
user-api = API
user-ldap = Directory
user-new = New user
user-make = Make user
user-new-hint = New users belong to the group Normal users.
user-kept-by = Who keeps the password
user-kept-here = This server
user-kept-ldap = The organisation's directory
user-password-hint = 8 to 120 characters. Not needed where the directory keeps it.
user-allow-api = May use the API with tokens and keys
user-above = This account may do more than you may give. Only who administers permissions can change it.
user-own = This is your own account. Its password is changed on the page:
user-no-groups = In no group.
user-add-group = Add to a group
user-may = What this account may do
user-no-permissions = What its groups may do in each folder, and nothing besides.
user-no-api = No access for programs
user-keys = { $count ->
    [0] May use the API; no keys
    [one] May use the API; one key
   *[other] May use the API; { $shown } keys
}
user-second-on = On: signing in takes a code, too
user-second-off = Off
user-second-reset = Reset second step
user-second-reset-text = For somebody who has lost the authenticator and the recovery codes. Signing in takes the password alone then, until a new one is set up.
user-password-foreign = The organisation's directory keeps this password.
user-password-ends = A new password ends all sessions and tokens of the account.
user-delete = Delete user
user-delete-title = Delete the user { $name }?
user-delete-text = Nobody can sign in with the account any more; its sessions, tokens and keys end at once. It can be made active again later.
user-restore = Make active again
member-take-out = Take out { $name }
member-add = Add { $name }
group-join = Add to { $name }
done-user-made = The user has been made.
done-user-saved = The user has been saved.
done-user-password-saved = The password has been changed. All sessions of the account have ended.
done-user-deleted = The user has been deleted.
done-user-restored = The user is active again.
done-totp-reset = Signing in takes the password alone now.
done-member-added = Added to the group.
done-member-removed = Taken out of the group.

# Groups
groups-title = Groups
groups-lead = Rights are given to groups. Everybody, signed in or not, has at least what Public has.
group-new = New group
group-make = Make group
group-name = Group
group-description = What it is for
group-about = About the group
group-type = Kind
group-system = System group
group-local = Usual group
group-ldap = Group of the directory
group-members = Members
group-grants = Its members may
group-everybody = Everybody
group-public-hint = What Public may do in folders is set there; it grants nothing else.
group-public-members = Everybody belongs to this group, signed in or not.
group-no-members = Nobody belongs to it yet.
group-add = Find a user to add
group-nobody = Nobody else has such a name.
group-delete-title = Delete the group { $name }?
group-delete-text = Its members lose what it grants, in folders too. This cannot be undone.
done-group-made = The group has been made.
done-group-saved = The group has been saved.
done-group-deleted = The group has been deleted.

# Folder permissions
permissions-title = Folder permissions
folder-permissions = Permissions
permissions-lead = A level holds for a folder and all below it, until one is set further down.
permissions-go = Go to a folder
permissions-folder = Folder
permissions-tree-of = Levels in the tree of
permissions-show = Show
permissions-tree = { $name } in each folder
permissions-legend = Marked levels are set in that very folder; the others come from above.
permissions-own = set here
permissions-from = from
permissions-nothing = nothing set
permissions-unset = Not set
permissions-inherited = As above: { $name }
permissions-administers = administers files: full access everywhere
permissions-level-of = Level of { $name }
permissions-set = Set
permissions-set-for = Set the level of { $name }
permissions-clear = Clear
permissions-clear-for = Clear what is set for { $name }
permissions-templates = Templates
permissions-templates-lead = Which template a group gets in this folder and below it.
folder-template-group = Group
folder-template-template = Template
folder-template-holds = Holds
folder-template-free = None: free of what is set above
folder-template-default = when none is named
folder-template-required = whatever is asked for
done-permission-set = The level has been set.
done-permission-cleared = What was set here is gone; the level comes from above again.
done-folder-template-set = The template has been set.
done-folder-template-cleared = The template no longer holds here.

# Explanation
explain-title = Who may do what
explain-lead = Ask for a person and a folder, and see the level and the rule that gives it.
explain-user = User
explain-visitor = A visitor who is not signed in
explain-path = Folder or picture
explain-go = Explain
explain-in = in
explain-administrator = because the group { $name } administers files: full access everywhere.
explain-record = because of what is set for the group { $name } in { $folder }.
explain-public = because of what is set for everybody in { $folder }.
explain-nothing = because nothing is set for any of the groups in this folder or above it.
explain-key = because the API key is good for no more.
explain-steps = What each group has there
explain-level = Level
explain-record-of = Set in
explain-highest = Each group takes what is set in the nearest folder on the way up. The highest level of all of them holds.
explain-empty = Nobody asked for yet
explain-empty-text = Leave the user blank to see what everybody may do.

# Templates
templates-title = Templates
templates-lead = A template is a name for image parameters: an address with tmp=NAME has them all. What is locked no address can change.
templates-none = There are no templates
template-new = New template
template-name = Name
template-description = What it is for
template-default = Default
template-as-default = Make default
template-make-default = Make default: { $name }
template-edit = Edit { $name }
template-locked = { $count ->
    [one] One locked
   *[other] { $shown } locked
}
template-lock = Lock { $name }
template-json = The same as JSON
template-json-hint = An object of parameters, each an object with a value, and "locked": true where it is locked.
template-preview = Preview
template-picture = Preview with picture
template-show = Show
template-as-stored = As it is stored.
template-as-edited = As it is edited here, locks aside.
template-fails = With these values there is no picture.
template-no-picture = There is no picture to show it with.
template-delete-title = Delete the template { $name }?
template-delete-text = Addresses that name it fail from then on. This cannot be undone.
done-template-made = The template has been made.
done-template-saved = The template has been saved.
done-template-deleted = The template has been deleted.
done-template-made-default = The default template is another one now.

# Tags
tags-title = Tags
tags-count = { $count ->
    [0] No tags
    [one] One tag
   *[other] { $shown } tags
}
tags-find = Find by the beginning
tags-none = No tags
tags-none-text = Tags appear here when pictures get them, or with a list of them.
tag-name = Tag
tag-images = Pictures
tag-list = List
tag-rename = Rename { $name }
tag-delete = Delete { $name }
tag-delete-title = Delete the tag { $name }?
tag-delete-text = { $count ->
    [0] No picture has it.
    [one] It is taken off one picture.
   *[other] It is taken off { $shown } pictures.
}
tag-lists = Lists of tags
tag-lists-lead = Lists are offered first where pictures get tags.
tag-lists-none = There are no lists.
tag-list-new = New list
tag-list-make = Make list
tag-list-name = Name
tag-list-edit = Edit { $name }
tag-list-delete = Delete the list { $name }
tag-list-delete-title = Delete the list { $name }?
tag-list-delete-text = Its tags stay, at pictures and as free ones.
done-tag-renamed = The tag has its new name.
done-tag-deleted = The tag is gone.
done-tag-list-made = The list has been made.
done-tag-list-saved = The list has been saved.
done-tag-list-deleted = The list is gone.

# Recycle folder
recycled-title = Recycle folder
recycled-days = { $count ->
    [one] What is deleted or overwritten stays here for one day.
   *[other] What is deleted or overwritten stays here for { $shown } days.
}
recycled-empty = Empty the recycle folder
recycled-empty-title = Empty the recycle folder?
recycled-empty-text = { $count ->
    [one] One thing goes for ever.
   *[other] { $shown } things go for ever.
}
recycled-none = Nothing was deleted
recycled-none-text = What is deleted or overwritten comes here first.
recycled-was = Where it was
recycled-by = By
recycled-when = When
recycled-until = Kept until
recycled-restore = Put back
recycled-restore-label = Put back { $name }
recycled-end = Remove { $name } for ever
recycled-end-text = Nobody can bring it back then.
recycled-end-go = Remove for ever
done-recycled-restored = It is back where it was.
done-recycled-ended = It is gone for ever.
done-recycled-emptied = The recycle folder is empty.

# Tasks
tasks-title = Tasks
tasks-lead = What is done in the background. Done ones stay in the list for a day.
tasks-show = Which tasks
tasks-all = All
tasks-running = Running
tasks-waiting = Waiting
tasks-done = Done
tasks-none = No tasks
tasks-none-text = There is nothing to be done.
task-number = Task { $name }
task-stopping = Stopping
task-running = Running
task-held = Waits for your yes
task-again = To be tried again
task-waiting = Waiting
task-cancelled = Called off
task-failed = Failed
task-done = Done
task-progress = { $count } of { $total }
task-progress-of = Progress of { $name }
task-run = Run now
task-run-label = Run now: { $name }
task-cancel = Call off
task-cancel-label = Call off: { $name }
done-task-begun = The task is in the list.
done-task-run = The task runs as soon as it can.
done-task-cancelled = The task was told to stop.

# Maintenance
maintenance-title = Maintenance
maintenance-lead = Each of these becomes a task, whose progress is in the list of tasks.
job-folder = Folder
job-before = Older than
job-sure = This cannot be undone.
job-sync = Look through the files
job-sync-text = Brings what is known of the library in step with its files: finds new ones, follows moved ones, notes what is missing. It happens by itself now and then.
job-sync-yes = Believe it however much is missing
job-sync-go = Look through the files
job-read = Read new files
job-read-text = Reads size, metadata and words of files that are new or have changed.
job-read-go = Read new files
job-prepare = Prepare reductions
job-prepare-text = Makes smaller versions of large originals, from which pictures are made faster. They are made by themselves when they are wanted; this makes them in advance.
job-prepare-go = Prepare
job-made = Make pictures anew
job-made-text = Forgets all pictures made of the originals in a folder, as if these had changed.
job-made-ask = Have pictures made anew?
job-made-sure = Until they are made again the server has more to do. Front servers and browsers may show old ones for as long as they were told to keep them.
job-made-go = Make anew
job-system-stats = Purge statistics of the system
job-system-stats-text = Deletes what was counted for all together and for hosts before a day.
job-system-stats-go = Purge
job-system-stats-ask = Delete old statistics of the system?
job-image-stats = Purge statistics of pictures
job-image-stats-text = Deletes what was counted for each picture before a day.
job-image-stats-go = Purge
job-image-stats-ask = Delete old statistics of pictures?
job-deleted = Purge deleted data
job-deleted-text = Deletes what is still known of files and folders that are gone: titles, tags, history, statistics, permissions.
job-deleted-go = Purge
job-deleted-ask = Delete what is known of what is gone?
job-backup = Back up
job-backup-text = A backup holds the database and the settings. It is made on the server, by the command:

# Cache
cache-title = Cache
cache-lead = Where made pictures are kept, as this worker sees it.
cache-memory = Memory of this worker
cache-disk = Disk
cache-memcached = memcached
cache-away = The server does not answer. Pictures are made and sent without it.
cache-fill = { $used } of { $limit }
cache-hits = Found
cache-misses = Not found
cache-puts = Stored
cache-errors = Failed
cache-items = Items
cache-evictions = Dropped for want of space
cache-purge = Have pictures made anew
cache-purge-text = For when something looks old that should not: the pictures of one original, of a folder, or of everything are forgotten and made again when they are wanted.
cache-purge-edge = { $count ->
    [one] Front servers may keep what everybody may see for one second.
   *[other] Front servers may keep what everybody may see for { $shown } seconds; where their cache is known, it is purged too.
}
cache-purge-path = Original or folder
cache-purge-hint = From the top of the library; / is everything.
cache-purge-go = Make anew

# Settings
settings-title = Settings
settings-lead = As this worker loaded them. They are changed in files or the environment, and secrets are never shown.
settings-find = Find a setting
settings-show = Which settings
settings-all = All
settings-given = Given somewhere
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
settings-restart = takes a restart

# Audit log
audit-title = Audit log
audit-count = { $count ->
    [0] No acts
    [one] One act
   *[other] { $shown } acts
}
audit-filter = Filter
audit-when = When
audit-who = Who
audit-what = What
audit-object = To what
audit-none = Nothing was noted

# Status
status-started = Since
status-slots-used = Slots in use
status-being-made = Being made or waiting
status-waiting = Waiting for a thread
status-held = Held
status-idle = All threads are idle.
worker-free = Free
worker-starting = Starting
worker-ready = Ready
worker-draining = Finishing
