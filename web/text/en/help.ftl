# Words of the help pages.
help-guides = Guides
help-imaging-short = Imaging
help-viewers-short = Viewers
help-api-short = API
help-by-example = By example
help-filter = Find in this guide
help-default = Without it
help-in-templates = In templates
help-example-of = What { $name } does
help-key-sheet = These keys
help-key-ends = The first picture, the last one
help-key-edit = Edit what is chosen
help-key-move = Move what is chosen
help-key-delete = Delete what is chosen
help-key-gather = Put what is chosen into the basket

# API
help-api-answers = Every answer is a JSON object with status, message and data; a failure says in its message what is wrong. Values go into the query of GET and DELETE, and into a form or a JSON object for POST and PUT.
help-api-keys = Keys for programs are made under:
help-api-calls = Calls
help-api-shapes = Shapes of data
help-api-who = Who may
help-api-gives = Gives
help-api-failures = Failures
help-api-place = In
help-api-needed = must be given
help-api-is = Is

# Viewers
help-viewers = Viewers for your pages
viewers-lead = One script and one style sheet put pictures into any page: to be zoomed into, as a gallery, as a slideshow, or in just the right size.
viewers-zoom = Zooming
viewers-zoom-text = The first picture has the size of its place; what is looked at closer comes in tiles. Wheel, pinch, drag, buttons and keys move it.
viewers-gallery = Gallery
viewers-gallery-text = Small pictures side by side; each opens large over the page. A folder or a portfolio fills it by itself.
viewers-or = or
viewers-slideshow = Slideshow
viewers-slideshow-text = It waits while somebody points at it, and does not start by itself for people who have asked for less motion.
viewers-image = Pictures in the right size
viewers-image-text = One request when the picture comes near, for the size that suits its place and the screen, in the best format that the browser takes.
viewers-looks = Looks
viewers-looks-text = Set these on the page or around a viewer:
viewers-old = Pages that were made for Quru Image Server go on: its scripts, functions, options and events answer at their old addresses.

# Account: the second step, keys, sessions
account-person = These can be changed in a web session that began with signing in.
account-second-why = With a second step, somebody who learns your password still cannot sign in.
account-second-begin = Set up a second step
account-second-scan = Scan this with an authenticator app, then type the code that it shows.
account-second-secret = Or type this secret
account-second-open = Open an authenticator on this device
account-second-code = Code
account-second-confirm = Confirm
account-second-give-up = Give up
account-second-remove = Take the second step away
account-keys = API keys
account-keys-text = A key lets a program act for you. Each can be taken back on its own.
account-key-created = Made
account-key-expires = runs out
account-key-lasts = never runs out
account-key-over = Run out
account-key-used = last used
account-key-unused = not used yet
account-key-delete = Take back the key { $name }
account-key-revoke = Take back
account-key-name = Name
account-key-for = Good for
account-key-read = Reading
account-key-write = Changing, too
account-key-admin = Administration, too
account-key-runs-out = Runs out
account-key-days = { $count ->
    [one] After one day
   *[other] After { $shown } days
}
account-key-never = Never
account-key-make = Make key
account-sessions = Sessions
account-sessions-text = Signs you out on every device, this one too, and ends all API tokens. Keys stay.
account-sessions-end = Sign out everywhere
once-key = Your new key
once-key-text = Copy it now: it is shown this once. Whoever has it can do what you made it for.
once-codes = Recovery codes
once-codes-text = The second step is on. Each of these codes signs you in once, should you lose your authenticator. Keep them in a safe place: they are shown this once.
once-go-on = I have kept it
done-second-off = The second step has been taken away.
done-second-given-up = Nothing has been set up.
done-key-deleted = The key has been taken back.
done-sessions-ended = All sessions have been ended. Sign in again.
list-choose = Choose
