# Words of the portfolios pages.
portfolios-title = Portfolios
portfolios-own = Yours
portfolios-others = By others
portfolios-public = Public
portfolios-empty = No portfolios yet
portfolios-empty-gather = Collect pictures in your basket while you browse; the basket becomes a portfolio that you can arrange, share and publish.
portfolios-empty-visitor = There are no public portfolios. Sign in to see those shared with you.
portfolios-empty-quiet = Nobody has shared a portfolio with you.
portfolio-new = New portfolio
portfolio-new-hint = Only you can see it until you share it.
portfolio-make = Create portfolio
portfolio-name = Name
portfolio-description = Description
portfolio-downloads = { $count ->
    [one] 1 file
   *[other] { $shown } files
}
portfolio-download = Download { $name }
portfolio-pictures = Pictures
portfolio-empty = There are no pictures in this portfolio that you may see.
portfolio-no-pictures = No pictures yet
portfolio-public = Public: listed for all visitors
portfolio-internal = Everybody signed in: listed for them
portfolio-private = Only you can see it
portfolio-closed = { $count ->
    [one] Visitors do not see one of these pictures, because its folder is closed to them. Published files contain it all the same.
   *[other] Visitors do not see { $shown } of these pictures, because their folders are closed to them. Published files contain them all the same.
}
portfolio-zip = Zip file
portfolio-zip-originals = Zip file of originals
portfolio-pdf = PDF document
portfolio-until = Until
portfolio-download-until = can be downloaded until
portfolio-copy = Make a copy
portfolio-copy-of = { $name } (copy)
portfolio-copy-hint = The copy is yours, with its pictures and their changes. Published files stay with this one.
portfolio-look = View
portfolio-settings = Settings
portfolio-actions = More actions
portfolio-delete = Delete portfolio
portfolio-delete-title = Delete { $name }?
portfolio-delete-text = Its published files are deleted for good. The pictures stay in the library.
portfolio-arrange-hint = Drag pictures into order, or use the arrows below each.
portfolio-arranged = { "{name}" } is now number { "{place}" }
portfolio-earlier = Move { $name } one place earlier
portfolio-earlier-short = Earlier
portfolio-later = Move { $name } one place later
portfolio-later-short = Later
portfolio-change = Change how { $name } looks in this portfolio
portfolio-change-short = Change look
portfolio-take-out = Remove { $name } from this portfolio
portfolio-take-out-short = Remove
portfolio-gone = The file is no longer in the library.
portfolio-address = Address
portfolio-address-hint = The settings say who can open it.
portfolio-human-id = Short name in the address
portfolio-human-id-hint = A short word is easy to share. Without % < > & . ? : /
portfolio-human-id-breaks = When you change it, links to the portfolio and to its published files stop working.
portfolio-everybody = Everybody
portfolio-colleagues = Everybody signed in
portfolio-may-nothing = No access
portfolio-may-look = See the pictures
portfolio-may-download = Download files
portfolio-rights-hint = Pictures are shown only to those who may see them in their folders. Published files contain all of them.

# The basket
basket-title = Basket
basket-add = Add to basket
basket-here = Your basket
basket-choose = Use as basket
basket-leave = Stop using as basket
basket-empty = Your basket is empty
basket-how = Select pictures while browsing or searching and add them to your basket, or use the button on a picture's page.

# One picture of a portfolio
change-lead = How it looks in this portfolio and in its published files.
change-original = Original
change-mend = Correct the marked fields to see the picture and to save it.
change-parameters = Parameters:
change-nothing = No changes
change-filename = File name when published
change-filename-hint = Leave blank to use its own name.
change-keep = Save
change-clear = Reset
change-guide = All parameters, with examples:

# Publishing
publish-title = Publish
publish-text = All pictures in one file, for everybody who may download it.
publish-description = Description
publish-description-hint = Shown on the download button.
publish-format = File type
publish-until = Available until
publish-what = Pictures
publish-made = With their changes
publish-originals = Originals
publish-size = Size
publish-as-arranged = Unchanged
publish-print = Large (4000 pixels)
publish-screen = For screens (1920 pixels, JPEG)
publish-small = Small (1000 pixels, JPEG)
publish-go = Publish
publish-files = Published files
publish-none = Nothing has been published yet.
publish-progress = { $count } of { $total } pictures
publish-waits = Waiting
publish-failed = The file could not be made. A picture may be damaged, or you may no longer be allowed to publish it. Delete this and try again.
publish-delete = Delete { $name }

# What was done
done-portfolio-made = The portfolio has been created.
done-portfolio-saved = The portfolio has been saved.
done-portfolio-deleted = The portfolio has been deleted.
done-portfolio-copied = The portfolio has been copied.
done-portfolio-picture-saved = The change has been saved.
done-portfolio-picture-removed = The picture has been removed from the portfolio.
done-publish-begun = The file is being made.
done-export-deleted = The file has been deleted.
done-gathered = The picture is in your basket.
done-basket-chosen = This portfolio is now your basket.
done-basket-left = This portfolio is no longer your basket. The next picture you add starts a new one.

# Tables
table-title = Export and import
table-out = Export
table-out-text = Every picture in this folder with its title, description and tags, for a spreadsheet. Edit it there and import it again.
table-out-go = Download CSV
table-in = Import
table-in-text = You will see all changes before anything is saved.
table-file = File
table-or-text = Or paste it here
table-text-hint = The first line names the columns: src, and any of title, description and tags. Missing columns are left as they are; a blank cell clears the text. Tags are separated by semicolons.
table-bounds = At most { $lines } lines and { $characters } characters.
table-show = Show changes
table-anew = Nothing has been imported: somebody has changed these pictures since the changes were shown. These are the changes now.
table-would-change = { $count ->
    [0] Nothing would change.
    [one] One picture would change.
   *[other] { $shown } pictures would change.
}
table-same = { $count ->
    [0] { "" }
    [one] One line changes nothing.
   *[other] { $shown } lines change nothing.
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
table-then = New
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
table-again = Import another file
done-table-done = The changes have been imported.


# Scripts
script-gathered = { $count } in the basket now
script-portfolio-changed = The portfolio has been changed elsewhere. This is how it is now.
script-gathered-none = Already in the basket
script-table-many = Too many pictures for one CSV file. Select fewer.
