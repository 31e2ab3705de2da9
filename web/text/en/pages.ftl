# The words of the pages. `$count` is a number that decides the form of a word, `$shown` the same number as
# it is written; `$name` is something that people named. Messages `script-…` are for scripts, which put
# the rest in by themselves.

# Ways of writing
number-separator = ,
months = Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec
date = { $day } { $month } { $year }
moment = { $date }, { $time } UTC
unit-b = B
unit-kb = kB
unit-mb = MB
unit-gb = GB
unit-tb = TB

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
signed-out-text = Sign in as { $name } in another tab. This page then goes on where it was, and keeps what you typed.
signed-out-go = Sign in in a new tab
signed-out-stay = Not now
go-back = Go back
save = Save
cancel = Cancel
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
done-signed-in = You are signed in. Close this tab and go on in the one that you came from.
done-account-saved = Your account has been saved.
done-account-password-saved = Your password has been changed. Sign in with the new one.
done-folder-made = The folder has been made.
done-folder-moved = The folder has its new name. A large one may take a moment to follow.
done-folder-deleted = The folder has been deleted. An administrator can bring it back for a while.
done-image-saved = The details have been saved.
done-image-moved = The picture has its new name.
done-image-deleted = The picture has been deleted. An administrator can bring it back for a while.
done-point-saved = The focal point has been set.
done-point-removed = The focal point has been removed.
done-upload-done = Your files have been uploaded.

# Errors
error-again = Try again
error-stale = This form is not one of this session. Load its page again.
error-400 = This request cannot be answered
error-401 = Please sign in
error-403 = You may not see this
error-404 = Nothing here
error-405 = Not that way
error-409 = Something stands in the way
error-413 = Too large
error-415 = Not a picture
error-429 = Too many requests
error-500 = Something broke
error-503 = Back in a moment

# Home
home-title = Home
home-heading = Every picture, in every size.
home-lead = Keep one original. Halftone makes every size, crop and format of it the moment somebody asks, and remembers them.
home-browse = Browse the library
home-latest = Latest pictures
home-all = All pictures
home-empty = The library is empty
home-empty-upload = Upload the first pictures, or copy files into the images folder; they appear by themselves.
home-empty-quiet = There are no pictures here that you may see.
try-title = Try it
try-lead = Pick a picture and say how you want it. The address that opens is all another page needs to show it.
try-picture = Picture
try-width = Width
try-height = Height
try-angle = Turned by (degrees)
try-flip = Mirrored
try-flip-none = No
try-flip-h = Left to right
try-flip-v = Top to bottom
try-format = Format
try-format-same = As the original
try-go = Make it

# Signing in
login-username = User name
login-password = Password
login-code = Code of the authenticator, or a recovery code
login-wrong = The user name, the password or the code is wrong.
login-kept = You have been signed out, and nothing has been changed yet. Sign in: what you filled in is kept, and can be sent then.
kept-title = Send what you filled in?
kept-text = You had been signed out when you sent this form. Nothing has been changed yet.
kept-blank = blank
kept-secret = Passwords and codes are not kept. Type it again.
kept-files = Files are not kept. Choose them again.
kept-go = Send
kept-leave = Do not send
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
account-who = Who you are
account-first-name = First name
account-last-name = Last name
account-email = E-mail
account-password = Password
account-password-hint = 8 to 120 characters. Changing it ends all of your sessions, this one too.
account-password-foreign = Your password is kept by your organisation's directory and is changed there.
account-current-password = Current password
account-new-password = New password
account-password-change = Change password
account-may = What you may do
account-groups = Groups
account-permissions = Permissions
account-no-permissions = What your groups may do in each folder.
shortcuts = Single keys
shortcuts-text = Keys such as / act wherever you are on a page. Switch them off if you speak to your computer, or press keys by mistake.
shortcuts-on = On
shortcuts-off = Off
account-second = Second step
account-second-on = Signing in takes a code of your authenticator.
account-second-off = Signing in takes your password alone.
account-api = API
account-api-keys = { $count ->
    [0] You may use the API; you have no keys.
    [one] You may use the API; you have one key.
   *[other] You may use the API; you have { $shown } keys.
}
account-api-none = Your account has no access for programs.

# About
about-title = About
about-heading = About Halftone
about-lead = Halftone is a dynamic image server. It keeps one original of each picture and makes what is asked for, by address, on demand.
about-version = Version
about-licence = Licence
about-reads = Reads
about-writes = Writes
about-privacy = Privacy
about-privacy-text = These pages load nothing from anywhere else and count no visitors. Cookies keep you signed in and remember how you like the pages to look.
about-others = Made with
about-others-text = Halftone stands on many open source libraries. Their names and licences come with the program.

# Browsing
tree-label = Folders
tree-all = All { $shown }…
crumbs-label = Where you are
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
browse-empty-upload = Upload pictures, or make a folder to put some order into what will come.
browse-empty-quiet = There is nothing here yet.
view-label = View
view-grid = Grid
view-list = List
sort-name = Name
sort-changed = Latest changed
sort-taken = Latest taken
sort-size = Largest file
folder-actions = Folder actions
folder-new = New folder
folder-name = Path of the new folder
folder-name-hint = Where it lies and what it is called, from the top of the library.
folder-make = Make folder
folder-rename = Move or rename folder
folder-path = Path of the folder
folder-path-hint = Change the last part to rename it, what comes before to move it.
folder-delete = Delete folder
folder-delete-title = Delete { $name }?
folder-delete-text = Everything in it goes along. An administrator can bring it back for a while.
pick = Choose { $name }
list-label = Pictures
list-picture = Picture
list-name = Name
list-title = Title
list-pixels = Pixels
list-size = Size
list-changed = Changed
choice-label = Chosen pictures
choice-all = Choose all
choice-none = Choose none
choice-edit = Edit details
choice-edit-title = Edit the chosen pictures
choice-edit-hint = What you leave blank stays as it is.
choice-add-tags = Add tags
choice-remove-tags = Remove tags
choice-tags-hint = Separated by commas.
choice-progress = Progress
choice-move-title = Move the chosen pictures
choice-move-hint = Choose a folder below, or type where it is.
choice-delete-title = Delete the chosen pictures?

# One picture
image-title = Title
image-description = Description
image-description-alt = Description (alternative text, alt)
image-description-hint = Read aloud to those who do not see the picture, and shown where the picture does not come.
image-tags = Tags
image-tags-hint = One on each line.
image-position = { $count } of { $total }
image-unreadable = This file cannot be shown as a picture.
image-prev = Previous picture
image-next = Next picture
image-actions = More actions
image-edit = Edit details
overtaken-title = Somebody else has changed this meanwhile
overtaken-text = What you typed has not been saved yet. Compare it with what somebody else has saved, and save what shall hold.
overtaken-now-title = Title that has been saved meanwhile
overtaken-now-description = Description that has been saved meanwhile
overtaken-leave = Leave it as it is
image-rename = Move or rename
image-path = Folder and file name
image-path-hint = Change the last part to rename it, what comes before to move it.
image-delete-title = Delete { $name }?
image-delete-text = What has been made of it goes along. An administrator can bring the file back for a while.
image-facts = File
image-said = From the camera
image-place = Place
image-map = Show on OpenStreetMap (another site)
image-use = Use it
image-address = Address
image-history = History
fact-file = Name
fact-format = Format
fact-pixels = Pixels
fact-pages = Pages
fact-size = Size
fact-changed = Changed
fact-point = Focal point
fact-taken = Taken
fact-camera = Camera
fact-headline = Headline
fact-caption = Caption
fact-keywords = Keywords
fact-creator = By
fact-copyright = Copyright
history-0 = Deleted
history-1 = Added
history-2 = Replaced
history-3 = Edited
history-4 = Moved
point-title = Focal point
point-text = Click what must stay in view when the picture is cut to another shape.
point-x = From the left (0 to 1)
point-y = From the top (0 to 1)
point-remove = Remove the focal point

# Search
search-title = Search
search-placeholder = Search pictures
search-for = “{ $name }”
search-count = { $count ->
    [0] Nothing found
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
search-min-width = Wider than (pixels)
search-order = Order
search-go = Search
search-clear = Clear
search-tags = Tags
search-tag-off = Take this tag off
search-results = Results
search-none = No pictures found
search-none-text = Try fewer words, or the beginning of one. Names, titles, descriptions, tags and what cameras write are looked through.
order-best = Best match
order-taken = Latest taken
order-path = By folder and name

# Uploading
upload-title = Upload
upload-folder = Into folder
upload-folder-hint = From the top of the library.
upload-taken = When a name is taken
upload-rename = Keep both
upload-refuse = Leave the old one
upload-replace = Replace the old one
upload-drop = Drop pictures or folders here
upload-choose = Choose files
upload-choose-folder = Or a whole folder
upload-limit = Up to { $name } for each file.
upload-resumes = An upload that is interrupted goes on where it was.
upload-go = Upload
upload-files = Files
upload-off-all = Call all off
upload-arrived = { $count ->
    [0] No file was uploaded.
    [one] One file was uploaded.
   *[other] { $shown } files were uploaded.
}
upload-arrived-one = Uploaded
upload-refused = { $count ->
    [0] { "" }
    [one] One file was refused.
   *[other] { $shown } files were refused.
}
outcome-label = What came of each
outcome-what = Outcome
outcome-go-on = Go on

# Help
help-title = Help
help-lead = A picture is an address. What stands behind its question mark says how you want it; click a picture to open it.
help-no-picture = There is no picture yet to show this with.
help-imaging = Pictures by address
help-parameters = Every parameter
help-name = Name
help-takes = Takes
help-means = What it does
help-api = The API
help-api-text = Everything these pages do can be done by programs. The OpenAPI document describes every call.
help-api-document = OpenAPI document
help-keys = Keys
help-key-find = Search
help-key-turn = From picture to picture
help-key-pick = Choose the picture that has the focus
help-key-all = Choose all
help-key-none = Choose none
example-width = A width
example-cover = Fill a square
example-smart = Keep what matters
example-crop = A part of it
example-angle = Turned, with clear corners
example-flip = Mirrored
example-gray = Shades of grey
example-fill = Padded in its own colour
example-quality = Small, at what price

# Status
status-title = Status
status-heading = Status of this host
status-counts = { $requests } requests, { $overloads } refused because the queue was full, { $panics } panics, { $respawns } workers replaced, { $kills } killed.
status-workers = Workers
status-threads = Threads at work
status-counted = Counted since the start
status-process = Process
status-state = State
status-up = Up
status-requests = Requests
status-connections = Connections
status-busy = Busy
status-queued = Queued
status-unmade = Unmade
status-memory = Memory
status-thread = Thread
status-stage = Stage
status-for = For
status-left = Left
status-address = Hash of the address

# Scripts
script-offline = The server cannot be reached. Please try again.
script-chosen-one = One chosen
script-chosen-other = { $count } chosen
script-changed = { $done } changed
script-some-failed = { $failed } could not be changed. { $done } changed.
script-some-more = and { $count } more
script-moved = Moved { $done } to { $name }. Their addresses have changed.
script-undo = Undo
script-undone = Moved back: { $done }
script-not-undone = { $failed } could not be moved back.
script-folders-in = Folders in { $name }
script-folder-up = Up to { $name }
script-folders-none = No folders there
script-library = Library
script-copied = Copied
script-choose-rest = Choose all { $count }
script-pictures-none = No pictures
script-pictures-one = One picture
script-pictures-other = { $count } pictures
script-lost-pictures = Some pictures did not come.
script-lost-busy = Some pictures did not come: the server has too much to do.
script-unshowable = Cannot be shown
script-try-again = Try again
script-busy = The server has too much to do. Please try again in a moment.
script-too-large = This is larger than the server takes.
script-unexpected = The server cannot do this (status { $count }).
script-signed-out = You are no longer signed in. Nothing has been changed.
script-more = More pictures are shown
script-upload-waiting = Waiting
script-upload-percent = { $percent } %
script-upload-done = Uploaded
script-upload-off = Call off
script-upload-off-one = Call off { $name }
script-upload-called-off = Called off
script-upload-sum = { $done } of { $total } uploaded
script-upload-some-failed = { $done } of { $total } uploaded, { $failed } failed
script-upload-no-folder = Say into which folder first.
