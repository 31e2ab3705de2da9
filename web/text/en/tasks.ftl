# Words of background tasks. What they do: a text for each kind.
work-sync = Scan library
work-sync-sweep = Mark missing pictures as deleted
work-read-metadata = Read new files
work-move-folder = Move a folder
work-delete-folder = Delete a folder
work-index-folder = Update the search index for a moved folder
work-restore-folder = Restore a folder
work-empty-recycle-folder = Empty the recycle folder
work-change-tag = Change a tag
work-burst-document = Extract the pages of a document
work-library-housekeeping = Clean up the library
work-prepare-reductions = Prepare smaller versions of a picture
work-prepare-folder = Prepare smaller versions for a folder
work-purge-made-pictures = Rebuild pictures
work-cache-housekeeping = Clean up the cache
work-row-housekeeping = Clean up the database
work-purge-system-stats = Delete old system statistics
work-purge-image-stats = Delete old picture statistics
work-purge-deleted-folder-data = Purge data of deleted files
work-export-folio = Publish a portfolio
work-expire-exports = Remove expired files

# What came of them: a text for each member of their results, which may be another one for a kind of task.
came-nothing = Nothing to do
came-off = not switched on
came-bytes = { $name }
came-levels = { $count ->
    [one] one size made
   *[other] { $shown } sizes made
}
came-outcome = { $name }
came-outcome-made = { "" }
came-outcome-current = already there
came-outcome-not-wanted = not worthwhile for this picture
came-outcome-busy = being done by another process
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
came-path = now at { $name }
came-removed = { $shown } removed
came-deleted = { $shown } deleted
came-filename = { $name }
came-filesize = { $name }
came-export-folio-deleted = deleted in the meantime
came-expired = { $shown } expired files removed
came-abandoned = { $shown } abandoned files removed
came-uploads = { $count ->
    [one] one unfinished upload removed
   *[other] { $shown } unfinished uploads removed
}
came-recycled = { $shown } removed from the recycle folder
came-words = { $count ->
    [one] one unused search word removed
   *[other] { $shown } unused search words removed
}
came-tasks = { $count ->
    [one] one finished task removed
   *[other] { $shown } finished tasks removed
}
came-image-stats = { $shown } picture counts deleted
came-system-stats = { $shown } system counts deleted
came-folded-days = { $count ->
    [one] one day of statistics summarised
   *[other] { $shown } days of statistics summarised
}
came-disk-entries = { $shown } removed from the disk
came-front-server-answers = { $shown } removed from front servers
came-front-server-failures = { $shown } not removed from front servers
came-files = { $count ->
    [one] one picture found
   *[other] { $shown } pictures found
}
came-new = { $shown } new
came-changed = { $shown } changed
came-returned = { $shown } back again
came-moved = { $shown } moved
came-sync-deleted = { $shown } marked deleted
came-sync-sweep-deleted = { $shown } marked deleted
came-waiting = { $count ->
    [one] one missing: needs your confirmation
   *[other] { $shown } missing: needs your confirmation
}
came-skipped = { $count ->
    [one] one name that cannot be served
   *[other] { $shown } names that cannot be served
}
came-skipped-names = such as { $name }
came-problems = could not read: { $name }
