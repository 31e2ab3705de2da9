# Words of the help pages.
help-guides = Guides
help-imaging-short = Imaging
help-viewers-short = Viewers
help-api-short = API
help-by-example = By example
help-filter = Search this guide
help-default = Default
help-in-templates = In templates
help-example-of = What { $name } does
help-key-sheet = Show this list
help-key-ends = First or last picture
help-key-edit = Edit the selection
help-key-move = Move the selection
help-key-delete = Delete the selection
help-key-gather = Add the selection to the basket

# API
help-api-answers = Every response is a JSON object with status, message and data. If a call fails, the message says what is wrong. Send parameters in the query for GET and DELETE, and as a form or a JSON object for POST, PUT and PATCH.
help-api-keys = Create API keys for your programs on the page:
help-api-calls = Calls
help-api-shapes = Data types
help-api-who = Access
help-api-gives = Returns
help-api-failures = Errors
help-api-place = In
help-api-needed = required
help-api-is = Type

# Viewers
help-viewers = Viewers guide
viewers-lead = With one script and one style sheet, you can add zoomable pictures, galleries, slideshows, or just pictures in the right size to any page.
viewers-zoom = Zooming
viewers-zoom-text = The first picture fits its place; tiles are loaded only for the part that is zoomed in to. It works with wheel, pinch, drag, buttons and keys.
viewers-gallery = Gallery
viewers-gallery-text = Thumbnails side by side; each opens full size over the page. A folder or a portfolio fills it automatically.
viewers-or = or
viewers-slideshow = Slideshow
viewers-slideshow-text = It pauses under the pointer, and does not start by itself for people who prefer reduced motion.
viewers-image = Pictures in the right size
viewers-image-text = Loads the picture when it comes near, in the size that fits its place and the screen, and in the best format that the browser supports.
viewers-looks = Appearance
viewers-looks-text = Set these on the page or around a viewer:
viewers-words = Texts and languages
viewers-words-text = Viewers use English unless the page provides other texts, which needs no script. A block with a lang attribute applies on pages in that language; one without applies everywhere.
viewers-words-all = All texts, as a starting point
viewers-old = Pages made for Quru Image Server keep working: its scripts, functions, options and events are available at their old addresses.

# Account: the second step, keys, sessions
account-person = You can change these only after signing in with your user name and password.
account-second-why = With two-step sign-in, somebody who learns your password still cannot sign in.
account-second-begin = Set up two-step sign-in
account-second-scan = Scan this with an authenticator app, then enter the code it shows.
account-second-secret = Or enter this secret
account-second-open = Open an authenticator on this device
account-second-code = Code
account-second-confirm = Confirm
account-second-give-up = Cancel
account-second-remove = Switch off two-step sign-in
account-keys = API keys
account-keys-text = A key lets a program act for you. Each can be revoked by itself.
account-key-created = Created
account-key-expires = expires
account-key-lasts = never expires
account-key-over = Expired
account-key-used = last used
account-key-unused = not used yet
account-key-delete = Revoke the key { $name }
account-key-revoke = Revoke
account-key-name = Name
account-key-for = Allows
account-key-read = Read
account-key-write = Read and write
account-key-admin = Read, write and administer
account-key-runs-out = Expires
account-key-days = { $count ->
    [one] After one day
   *[other] After { $shown } days
}
account-key-never = Never
account-key-make = Create key
account-sessions = Sessions
account-sessions-text = Signs you out on every device, this one included.
account-sessions-api = It also ends all API tokens. API keys are kept.
account-sessions-end = Sign out everywhere
once-key = Your new key
once-key-text = Copy it now: it will not be shown again. Anybody who has it can do what it allows.
once-codes = Recovery codes
once-codes-text = Two-step sign-in is on. Each of these codes signs you in once if you lose your authenticator. Keep them in a safe place: they will not be shown again.
once-go-on = I have saved it
done-second-off = Two-step sign-in has been switched off.
done-second-given-up = Nothing has been changed.
done-key-deleted = The key has been revoked.
done-sessions-ended = All sessions have been ended. Sign in again.
list-choose = Choose

# What groups of calls are about
api-group-audit = Audit log
api-group-basket = Basket
api-group-cache = Cache
api-group-details = Image details
api-group-filesystem = Files and folders
api-group-folder-templates = Folder templates
api-group-groups = Groups
api-group-images = Images
api-group-keys = API keys
api-group-list = Folder contents
api-group-metadata = Export and import
api-group-openapi-json = OpenAPI document
api-group-permissions = Permissions
api-group-portfolios = Portfolios
api-group-properties = Properties
api-group-recycled = Recycle folder
api-group-search = Search
api-group-sessions = Sessions
api-group-settings = Settings
api-group-statistics = Statistics
api-group-tag-lists = Tag lists
api-group-tags = Tags
api-group-tasks = Tasks
api-group-templates = Templates
api-group-token = API tokens
api-group-tokenlogin = Sign-in with a token
api-group-totp = Two-step sign-in
api-group-upload = Upload
api-group-uploads = Resumable uploads
api-group-users = Users
