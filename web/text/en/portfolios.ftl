# Words of the portfolios pages.
portfolios-title = Portfolios
portfolios-own = Yours
portfolios-others = Of others
portfolios-public = Open to everybody
portfolios-empty = No portfolios yet
portfolios-empty-gather = Gather pictures into your basket while you browse; the basket becomes a portfolio that you arrange, share and publish.
portfolios-empty-visitor = Nobody has shared a portfolio with everybody. Those for people with an account show after signing in.
portfolios-empty-quiet = Nobody has shared a portfolio with you.
portfolio-new = New portfolio
portfolio-new-hint = Only you see it until you say otherwise.
portfolio-make = Make portfolio
portfolio-name = Name
portfolio-description = Description
portfolio-downloads = Downloads
portfolio-pictures = Pictures
portfolio-empty = There are no pictures in this portfolio that you may see.
portfolio-no-pictures = No pictures in it yet
portfolio-public = Everybody: listed for all visitors
portfolio-internal = Everybody signed in: listed for them
portfolio-private = Only you see it
portfolio-zip = Zip file
portfolio-zip-originals = Zip file of originals
portfolio-pdf = PDF document
portfolio-until = Until
portfolio-download-until = can be downloaded until
portfolio-copy = Make a copy
portfolio-copy-of = { $name } (copy)
portfolio-copy-hint = The copy is yours, with its pictures and what is done to them. Published files stay with this one.
portfolio-look = Look at it
portfolio-settings = Settings
portfolio-actions = More actions
portfolio-delete = Delete portfolio
portfolio-delete-title = Delete { $name }?
portfolio-delete-text = Its published files go along, for good. The pictures stay in the library.
portfolio-arrange-hint = Drag pictures into order, or use the arrows below each.
portfolio-arranged = { "{name}" } is now number { "{place}" }
portfolio-earlier = Move { $name } one earlier
portfolio-earlier-short = Earlier
portfolio-later = Move { $name } one later
portfolio-later-short = Later
portfolio-change = Change how { $name } looks here
portfolio-change-short = Change how it looks here
portfolio-take-out = Take { $name } out of this portfolio
portfolio-take-out-short = Take out
portfolio-gone = The file is no longer in the library.
portfolio-address = Address
portfolio-address-hint = Settings say who it is for.
portfolio-human-id = In the address
portfolio-human-id-hint = A short word is easy to pass on. None of % < > & . ? : /
portfolio-everybody = Everybody
portfolio-colleagues = Everybody signed in
portfolio-may-nothing = Sees nothing
portfolio-may-look = Sees pictures
portfolio-may-download = Downloads files
portfolio-rights-hint = Pictures show only to those who may see them in their folders. What is published holds all of them.

# The basket
basket-title = Basket
basket-add = To basket
basket-here = What you gather goes here
basket-choose = Gather pictures here
basket-leave = Gather no more here
basket-empty = Your basket is empty
basket-how = While browsing or searching, choose pictures and put them into the basket; a single picture's page has a button for it, too.

# One picture of a portfolio
change-lead = How it looks in this portfolio, and in what is published of it.
change-original = The picture itself
change-preview = The picture as it would look
change-nothing = Nothing is done to it
change-filename = Name in published files
change-filename-hint = Its own name, if you leave this blank.
change-keep = Keep this
change-try = Show
change-clear = Undo all
change-guide = All that can be said of each, with pictures:
yes = Yes
no = No

# Publishing
publish-title = Publish
publish-text = All pictures in one file, to be downloaded by those who may.
publish-description = What it is
publish-description-hint = Shown on the button that downloads it.
publish-format = As
publish-until = Keep until
publish-what = Pictures
publish-made = As they look here
publish-originals = Originals
publish-size = Size
publish-as-arranged = As they are
publish-print = Large (4000 pixels)
publish-screen = For screens (1920 pixels, JPEG)
publish-small = Small (1000 pixels, JPEG)
publish-go = Publish
publish-files = Published files
publish-none = Nothing has been published yet.
publish-progress = { $count } of { $total } pictures
publish-waits = Waiting for its turn
publish-failed = It could not be made. A picture may be damaged, or no longer be yours to publish; delete this and try again.
publish-delete = Delete the file { $name }

# What was done
done-portfolio-made = The portfolio has been made.
done-portfolio-saved = The portfolio has been saved.
done-portfolio-deleted = The portfolio has been deleted.
done-portfolio-copied = The copy has been made.
done-portfolio-picture-saved = The picture looks like this in the portfolio now.
done-portfolio-picture-removed = The picture has been taken out of the portfolio.
done-publish-begun = The file is being made.
done-export-deleted = The file has been deleted.
done-gathered = The picture is in your basket.
done-basket-chosen = What you gather goes into this portfolio now.
done-basket-left = What you gather begins a portfolio of its own from now on.

# Tables
table-title = Titles and tags as a table
table-out = Take out as a table
table-out-text = Every picture of this folder with its title, description and tags, for a spreadsheet. Change what you like there and bring it in again.
table-out-go = Download CSV
table-in = Bring in a table
table-in-text = You see what would change before anything does.
table-file = File
table-or-text = Or paste it here
table-text-hint = The first line names the columns: src, and any of title, description and tags. Columns that are left out stay as they are; a blank cell makes a text blank.
table-show = Show changes
table-would-change = { $count ->
    [0] Nothing would change.
    [one] One picture would change.
   *[other] { $shown } pictures would change.
}
table-same = { $count ->
    [0] { "" }
    [one] One line says what is said already.
   *[other] { $shown } lines say what is said already.
}
table-failed = { $count ->
    [0] { "" }
    [one] One line cannot be used.
   *[other] { $shown } lines cannot be used.
}
table-more = { $count ->
    [one] And one more.
   *[other] And { $shown } more.
}
table-unusable = Lines that cannot be used
table-changes = What would change
table-line = Line
table-why = Why
table-field = Field
table-now = Now
table-then = Then
table-nothing = nothing
table-go = { $count ->
    [one] Change one picture
   *[other] Change { $shown } pictures
}
table-changed = { $count ->
    [0] No picture was changed.
    [one] One picture was changed.
   *[other] { $shown } pictures were changed.
}
table-changed-one = Changed: { $name }
table-again = Another table
done-table-done = What the table says has been taken over.


# Scripts
script-gathered = { $count } in the basket now
script-gathered-none = In the basket already
