# Words of background tasks. What they do: a text for each kind.
work-sync = Look through the files
work-sync-sweep = Mark missing pictures deleted
work-read-metadata = Read new files
work-move-folder = Move a folder
work-delete-folder = Delete a folder
work-index-folder = Make pictures findable by a folder's new name
work-restore-folder = Put a folder back
work-empty-recycle-folder = Empty the recycle folder
work-change-tag = Change a tag
work-burst-document = Make the pages of a document
work-library-housekeeping = Tidy up the library
work-prepare-reductions = Prepare reductions of a picture
work-prepare-folder = Prepare reductions of a folder
work-purge-made-pictures = Make pictures anew
work-cache-housekeeping = Tidy up the cache
work-row-housekeeping = Tidy up the database
work-purge-system-stats = Purge statistics of the system
work-purge-image-stats = Purge statistics of pictures
work-purge-deleted-folder-data = Purge deleted data
work-export-folio = Publish a portfolio
work-expire-exports = Remove published files whose time is over

# What came of them: a text for each member of their results, which may be another one for a kind of task.
came-nothing = nothing had to be done
came-off = not switched on
came-bytes = { $name }
came-levels = { $count ->
    [one] one size that can be used
   *[other] { $shown } sizes that can be used
}
came-outcome = { $name }
came-outcome-made = made
came-outcome-current = they were there already
came-outcome-not-wanted = not worth it for this picture
came-outcome-busy = left to another process
came-originals = { $count ->
    [one] one original
   *[other] { $shown } originals
}
came-made = { $shown } made
came-read = { $shown } read
came-failed = { $shown } failed
came-images = { $count ->
    [one] one picture
   *[other] { $shown } pictures
}
came-folders = { $count ->
    [one] one folder
   *[other] { $shown } folders
}
came-pages = { $count ->
    [one] one page
   *[other] { $shown } pages
}
came-path = it is { $name } now
came-removed = { $shown } removed
came-deleted = { $shown } deleted
came-filename = { $name }
came-filesize = { $name }
came-export-folio-deleted = deleted meanwhile
came-expired = { $shown } removed whose time was over
came-abandoned = { $shown } removed that were left behind
came-uploads = { $count ->
    [one] one unfinished upload removed
   *[other] { $shown } unfinished uploads removed
}
came-recycled = { $shown } removed from the recycle folder
came-words = { $count ->
    [one] one word of the search forgotten
   *[other] { $shown } words of the search forgotten
}
came-tasks = { $count ->
    [one] one finished task forgotten
   *[other] { $shown } finished tasks forgotten
}
came-image-stats = { $shown } counts of pictures deleted
came-system-stats = { $shown } counts of the system deleted
came-folded-days = { $count ->
    [one] one day of statistics added up
   *[other] { $shown } days of statistics added up
}
came-disk-entries = { $shown } removed from the disk
came-front-server-answers = { $shown } removed from front servers
came-front-server-failures = { $shown } not removed from front servers
came-files = { $count ->
    [one] one picture met
   *[other] { $shown } pictures met
}
came-new = { $shown } new
came-changed = { $shown } changed
came-returned = { $shown } there again
came-moved = { $shown } moved
came-sync-deleted = { $shown } marked deleted
came-sync-sweep-deleted = { $shown } marked deleted
came-waiting = { $count ->
    [one] one missing waits for your yes
   *[other] { $shown } missing wait for your yes
}
came-skipped = { $count ->
    [one] one name that cannot be served
   *[other] { $shown } names that cannot be served
}
came-skipped-names = that is { $name }
came-problems = not looked into: { $name }
