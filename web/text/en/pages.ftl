# The words of the pages. `$count` is a number that decides the form of a word, `$shown` the same number as
# it is written; `$name` is something that people named. Messages `script-…` are for scripts, which put
# the rest in by themselves.

# Ways of writing
number-separator = ,
months = Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec
date = { $day } { $month } { $year }
moment = { $date }, { $time } UTC
percent = { $name }%
unit-b = B
unit-kb = kB
unit-mb = MB
unit-gb = GB
unit-tb = TB
length-days = { $count ->
    [one] { $shown } day
   *[other] { $shown } days
}
length-hours = { $count ->
    [one] { $shown } hour
   *[other] { $shown } hours
}
length-minutes = { $count ->
    [one] { $shown } minute
   *[other] { $shown } minutes
}
length-seconds = { $count ->
    [one] { $shown } second
   *[other] { $shown } seconds
}

# Around every page
skip = Skip to content
library = Library
nav-main = Main
brand-home = Halftone, home
nav-home = Home
nav-browse = Browse
menu-you = Account and appearance
menu-signed-in = Signed in as { $name }
sign-in = Sign in
sign-out = Sign out
theme = Appearance
theme-system = System
theme-light = Light
theme-dark = Dark
signed-out-title = You have been signed out
signed-out-text = Sign in as { $name } in another tab. This page then continues where it was and keeps what you typed.
signed-out-go = Sign in in a new tab
signed-out-stay = Not now
go-back = Go back
save = Save
cancel = Cancel
close = Close
copy = Copy
delete = Delete
move = Move
rename = Rename
edit = Edit
download = Download
pager-label = Pages
pager-prev = Previous
pager-next = Next
pager-place = Page { $count } of { $total }

# What was done
done-signed-in = You are signed in. Close this tab and continue in the one you came from.
done-account-saved = Your account has been saved.
done-account-password-saved = Your password has been changed. Sign in with the new one.
done-folder-made = The folder has been created.
done-folder-moved = The folder has been moved. With many pictures this can take a moment to finish.
done-folder-deleted = The folder has been deleted. You can restore it for a while:
done-folder-deleted-others = The folder has been deleted. An administrator can restore it for a while.
done-folder-deleted-ever = The folder has been deleted.
done-image-saved = The details have been saved.
done-image-moved = The picture has been moved.
done-image-deleted = The picture has been deleted. You can restore it for a while:
done-image-deleted-ever = The picture has been deleted.
done-point-saved = The focal point has been set.
done-point-removed = The focal point has been removed.
done-upload-done = Your files have been uploaded.

# Errors
error-again = Try again
error-other-account = Sign in as another user
error-stale = This form has expired. Load the page again.
error-400 = This request cannot be answered
error-401 = Please sign in
error-403 = You do not have access to this
error-404 = Not found
error-405 = Method not allowed
error-409 = There is a conflict
error-413 = Too large
error-415 = Not a picture
error-429 = Too many requests
error-500 = Something went wrong
error-503 = Back in a moment

# Home
home-title = Home
home-heading = Every picture, in every size.
home-lead = Keep one original. Halftone makes any size, crop and format of it on request, and keeps the result.
home-browse = Browse the library
home-latest = Latest pictures
home-all = All pictures
home-empty = The library is empty
home-empty-upload = Upload your first pictures, or copy files into the images folder: they appear automatically.
home-empty-quiet = There are no pictures here that you may see.
try-title = Try it
try-lead = Choose a picture and how you want it. You can use the resulting address on any page.
try-picture = Picture
try-width = Width (pixels)
try-height = Height (pixels)
try-angle = Rotation (degrees)
try-flip = Mirror
try-flip-none = No
try-flip-h = Left to right
try-flip-v = Top to bottom
try-format = Format
try-format-same = As the original
try-go = Show picture

# Signing in
login-username = User name
login-password = Password
login-code = Authenticator code or recovery code
login-wrong = The user name, password or code is wrong.
login-kept = You have been signed out and nothing has been changed. Sign in to continue; your entries are kept.
kept-title = Send what you entered?
kept-text = You were signed out when you sent this form. Nothing has been changed yet.
kept-blank = blank
kept-secret = Passwords and codes are not kept. Enter them again.
kept-files = Files are not kept. Choose them again.
kept-go = Send
kept-leave = Discard
done-kept-dropped = What somebody else had entered here has been discarded.
login-wait-seconds = { $count ->
    [one] Too many attempts to sign in. You can try again in a second.
   *[other] Too many attempts to sign in. You can try again in { $shown } seconds.
}
login-wait-minutes = { $count ->
    [one] Too many attempts to sign in. You can try again in a minute.
   *[other] Too many attempts to sign in. You can try again in { $shown } minutes.
}
logout-nobody = Nobody is signed in.

# Account
account-title = Account
account-who = Profile
account-first-name = First name
account-last-name = Last name
account-email = Email
account-password = Password
account-password-hint = 8 to 120 characters. Changing it ends all your sessions, this one included.
account-password-foreign = Your password is managed by your organisation's directory. Change it there.
account-current-password = Current password
account-new-password = New password
account-password-change = Change password
account-may = Access
account-groups = Groups
account-permissions = Permissions
account-no-permissions = None beyond the folder permissions of your groups.
shortcuts = Keyboard shortcuts
shortcuts-text = Single keys such as / work anywhere on a page. Switch them off if you use speech input or press keys by mistake.
shortcuts-on = On
shortcuts-off = Off
account-second = Two-step sign-in
account-second-on = Signing in needs a code from your authenticator.
account-second-off = Signing in needs only your password.
account-api = API
account-api-keys = { $count ->
    [0] You may use the API; you have no keys.
    [one] You may use the API; you have one key.
   *[other] You may use the API; you have { $shown } keys.
}
account-api-none = Your account has no API access.

# About
about-title = About
about-heading = About Halftone
about-lead = Halftone is a dynamic image server. It keeps one original of each picture and makes any version of it on demand, from its address.
about-version = Version
about-licence = Licence
about-reads = Reads
about-writes = Writes
about-privacy = Privacy
about-privacy-text = These pages load nothing from other sites and do not count visitors. Cookies keep you signed in and remember your appearance settings.
about-others = Made with
about-others-text = Halftone builds on many open source libraries. Their names and licences come with the program.
about-others-pages = Licences of what these pages load

# Browsing
tree-label = Folders
tree-all = All { $shown }…
crumbs-label = You are here
browse-count = { $count ->
    [0] No pictures
    [one] One picture
   *[other] { $shown } pictures
}
browse-folder-count = { $count ->
    [one] One folder
   *[other] { $shown } folders
}
browse-folders = Folders in this folder
browse-folder-find = Find a folder here
browse-folder-none = No folder here has “{ $name }” in its name.
browse-folder-pages = Pages of folders
browse-empty = This folder is empty
browse-empty-upload = Upload pictures, or create folders to organise them.
browse-empty-quiet = There is nothing here yet.
view-label = View
view-grid = Grid
view-list = List
sort-name = Name
sort-changed = Recently changed
sort-taken = Recently taken
sort-size = Largest file
folder-actions = Folder actions
folder-new = New folder
folder-name = Name
folder-in = In folder
folder-make = Create folder
folder-rename = Move or rename folder
folder-path = Path of the folder
folder-path-hint = Change the last part to rename it, the parts before to move it.
folder-delete = Delete folder
folder-delete-title = Delete { $name }?
folder-delete-holds = { $count ->
    [0] It contains no pictures.
    [one] It contains one picture.
   *[other] It contains { $shown } pictures.
}
folder-delete-holds-more = It contains more than { $shown } pictures.
folder-delete-text = Everything in the folder is deleted too. You can restore it from the recycle folder for a while.
folder-delete-text-others = Everything in the folder is deleted too. An administrator can restore it for a while.
folder-delete-text-ever = Everything in the folder is deleted too. This cannot be undone.
pick = Select { $name }
list-label = Pictures
list-picture = Picture
list-name = Name
list-title = Title
list-pixels = Pixels
list-size = Size
list-changed = Changed
choice-label = Selected pictures
choice-all = Select all
choice-none = Clear selection
choice-table = Export CSV
choice-edit = Edit details
choice-edit-title = Edit the selected pictures
choice-edit-hint = Fields left blank stay as they are.
choice-add-tags = Add tags
choice-remove-tags = Remove tags
choice-tags-hint = Separate with commas.
choice-progress = Progress
choice-move-title = Move the selected pictures
choice-move-hint = Choose a folder below, or type its path.
choice-delete-title = Delete the selected pictures?

# One picture
image-title = Title
image-description = Description
image-description-hint = Read aloud by screen readers, and shown when the picture cannot be loaded.
image-tags = Tags
image-tags-hint = One per line.
image-position = { $count } of { $total }
image-unreadable = This file cannot be shown as a picture.
image-way = Previous and next picture
image-prev = Previous picture
image-next = Next picture
image-actions = More actions
image-edit = Edit details
overtaken-title = Somebody else changed this
overtaken-text = Your changes have not been saved. Compare them with what is saved now, and save the version that you want.
overtaken-now-title = Saved title
overtaken-now-description = Saved description
overtaken-now = Saved: { $name }
overtaken-yours = Yours: { $name }
overtaken-leave = Keep theirs
image-rename = Move or rename
image-path = Folder and file name
image-path-hint = Change the last part to rename it, the parts before to move it.
image-delete-title = Delete { $name }?
image-delete-text = Everything made from it is deleted too. You can restore the file from the recycle folder for a while.
image-delete-text-ever = Everything made from it is deleted too. This cannot be undone.
image-facts = File
image-said = Camera
image-place = Location
image-map = Show on OpenStreetMap (external site)
image-use = Use this picture
image-address = Address
image-history = History
fact-file = Name
fact-format = Format
fact-pixels = Pixels
fact-pages = Pages
fact-size = Size
fact-changed = Changed
fact-point = Focal point
fact-point-at = { $x } from the left, { $y } from the top
fact-taken = Taken
fact-camera = Camera
fact-headline = Headline
fact-caption = Caption
fact-keywords = Keywords
fact-creator = Creator
fact-copyright = Copyright
history-0 = Deleted
history-1 = Added
history-2 = Replaced
history-3 = Edited
history-4 = Moved
point-title = Focal point
point-text = Choose what must stay in view when the picture is cropped.
point-keys = Arrow keys move the ring, with Shift in larger steps.
point-x = From the left (0 to 1)
point-y = From the top (0 to 1)
point-remove = Remove the focal point

# Search
search-title = Search
search-placeholder = Search pictures
search-for = “{ $name }”
search-count = { $count ->
    [0] { "" }
    [one] One picture
   *[other] { $shown } pictures
}
search-filters = Filters
search-words = Words
search-folder = Folder
search-tag = Tag
search-format = Format
search-any = Any
search-camera = Camera
search-from = Taken from
search-before = Taken before
search-min-width = Minimum width (pixels)
search-order = Order
search-go = Search
search-clear = Clear
search-tags = Tags
search-tag-off = Remove this tag
search-results = Results
search-none = No pictures found
search-none-text = Try fewer words, or just the beginning of one. Names, titles, descriptions, tags and camera metadata are searched.
order-best = Best match
order-taken = Recently taken
order-path = Folder and name

# Uploading
upload-title = Upload
upload-folder = Upload to folder
upload-folder-hint = Path in the library.
upload-taken = If a name is taken
upload-rename = Keep both
upload-refuse = Keep the existing file
upload-replace = Replace the existing file
upload-drop = Drop pictures or folders here
upload-choose = Choose pictures
upload-choose-folder = Choose folder
upload-limit = Up to { $name } per file.
upload-resumes = Interrupted uploads resume where they stopped.
upload-go = Upload
upload-files = Files
upload-off-all = Cancel all
upload-again-all = Try all again
upload-arrived = { $count ->
    [0] No file was uploaded.
    [one] One file was uploaded.
   *[other] { $shown } files were uploaded.
}
upload-arrived-one = Uploaded
upload-arrived-as = Uploaded, stored as { $name }
upload-renamed = Stored under another name:
upload-refused = { $count ->
    [0] { "" }
    [one] One file was refused.
   *[other] { $shown } files were refused.
}
outcome-label = Result for each
outcome-what = Result
outcome-go-on = Continue

# Help
help-title = Help
help-lead = A picture is an address: what follows the question mark says how you want it. Click a picture to open it.
help-no-picture = The examples need a picture that is at least 600 pixels wide and high. There is none yet.
help-imaging = Imaging guide
help-parameters = All parameters
help-name = Name
help-takes = Takes
help-means = What it does
help-api = API guide
help-api-text = Programs can do everything that these pages do. The OpenAPI document describes every call.
help-api-document = OpenAPI document
help-keys = Keyboard shortcuts
help-key-find = Search
help-key-turn = Previous or next picture
help-key-pick = Select the focused picture
help-key-extend = Extend the selection
help-key-all = Select all
help-key-none = Clear selection
example-width = Set a width
example-cover = Fill a square
example-smart = Keep what matters
example-crop = Crop to a part
example-angle = Rotated, with transparent corners
example-flip = Mirrored
example-gray = Shades of grey
example-fill = Padded in its own colour
example-quality = Small file, lower quality

# Status
status-title = Status
status-heading = Status of this host
status-counts = { $requests } requests, { $overloads } refused because too many were waiting, { $panics } internal errors, { $respawns } workers replaced, { $kills } stopped by force.
status-workers = Workers
status-threads = Busy threads
status-counted = Counters since the start
status-process = Process
status-state = State
status-up = Uptime
status-requests = Requests
status-requests-host = Requests to this host
status-connections = Connections
status-busy = Busy threads
status-queued = Waiting requests
status-unmade = Pictures in progress
status-memory = Memory
status-thread = Thread
status-stage = Stage
status-for = For
status-left = Time left
status-address = Address hash

# Scripts
script-offline = The server cannot be reached. Please try again.
script-chosen-one = 1 selected
script-chosen-other = { $count } selected
script-changed-one = 1 picture changed
script-changed-other = { $done } pictures changed
script-deleted-one = 1 picture deleted
script-deleted-other = { $done } pictures deleted
script-recycled = Recycle folder
script-nothing-entered = Nothing was entered, so nothing was changed.
script-edit-one = Edit 1 picture
script-edit-other = Edit { $count } pictures
script-move-one = Move 1 picture
script-move-other = Move { $count } pictures
script-delete-one = Delete 1 picture?
script-delete-other = Delete { $count } pictures?
script-stopping = Stopping. What has been started is finished first.
script-stopped = Stopped: { $done } of { $total } done.
script-failed-one = The picture could not be changed.
script-failed-other = { $failed } of { $total } pictures could not be changed.
script-some-more = and { $count } more
script-moved-one = 1 picture moved to { $name }. Its address has changed.
script-moved-other = { $done } pictures moved to { $name }. Their addresses have changed.
script-moved-none = They are in this folder already.
script-undo = Undo
script-undone-one = 1 picture moved back
script-undone-other = { $done } pictures moved back
script-not-undone-one = 1 picture could not be moved back.
script-not-undone-other = { $done } pictures could not be moved back.
script-folders-in = Folders in { $name }
script-folder-up = Up to { $name }
script-folders-none = No folders here
script-library = Library
script-copied = Copied
script-choose-rest = Select all { $count }
script-choose-clear = Clear
script-pictures-none = No pictures
script-pictures-one = One picture
script-pictures-other = { $count } pictures
script-lost-pictures = Some pictures could not be loaded.
script-lost-busy = Some pictures could not be loaded because the server is busy.
script-unshowable = Cannot be shown
script-try-again = Try again
script-busy = The server is busy. Please try again in a moment.
script-too-large = This is larger than the server accepts.
script-timed-out = This took too long. Please try again.
script-unexpected = The server answered with an error (status { $count }).
script-signed-out = You are no longer signed in. Nothing has been changed.
script-more = More pictures have been loaded
script-upload-waiting = Waiting
script-upload-percent = { $percent }%
script-upload-done = Uploaded
script-upload-stored = Stored as { $name }
script-upload-off = Cancel
script-upload-off-one = Cancel { $name }
script-upload-called-off = Cancelled
script-upload-failed = Not uploaded
script-upload-offline = Waiting for the network
script-upload-sum = { $done } of { $total } uploaded
script-upload-some-failed = { $done } of { $total } uploaded, { $failed } failed
script-upload-no-folder = Choose a folder first.
script-upload-unreadable = The file cannot be read. It may have been changed, moved or deleted, or its card or disk removed.
script-upload-folder-unreadable = The folder cannot be read.
script-upload-flat = Upload without folders
