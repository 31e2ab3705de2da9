/* Entropy decoding of baseline JPEG scans, in the place of libjpeg-turbo's. See entropy.c. */
#ifndef HALFTONE_ENTROPY_H
#define HALFTONE_ENTROPY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

/* All of this is mirrored in hook.rs. */

struct halftone_table {
  const UINT8 *counts, *symbols; /* null where there is no such table */
};

/* A scan that begins. */
struct halftone_scan {
  const uint8_t *at; /* where its coded data begin, and how many bytes are left of the file */
  size_t left;
  uint64_t units;
  uint32_t interval; /* units between restart markers; 0 for none */
  uint32_t blocks;   /* of a unit; and of each of them, its component's place in the scan and tables */
  uint8_t components[D_MAX_BLOCKS_IN_MCU];
  uint8_t dc_tables[D_MAX_BLOCKS_IN_MCU], ac_tables[D_MAX_BLOCKS_IN_MCU];
  struct halftone_table dc[NUM_HUFF_TBLS], ac[NUM_HUFF_TBLS];
};

/* What there is to say of a unit. */
struct halftone_report {
  int fault;       /* 0 for none */
  int marker, due; /* the marker that was found, and the number of the restart marker that was due */
  size_t skipped;  /* bytes before it that belong to nothing */
  int ended;       /* whether the unit was the scan's last, and the bytes of the file that are left */
  size_t left;
};

enum { HALFTONE_BAD_CODE = 1, HALFTONE_SHORT, HALFTONE_OUT_OF_TURN };

/* What decodes. `begin` answers with null where the scan is not in the file; `unit` answers with 0, or
 * there is a report. */
struct halftone_hook {
  void *slot;
  void *(*begin)(void *slot, const struct halftone_scan *scan);
  int (*unit)(void *scan, JBLOCKROW *blocks, struct halftone_report *report);
};

/* Takes over the entropy decoding of a picture that has been started, if it is a baseline one of a
 * single scan and all of the file is in memory. */
void halftone_take_over(j_decompress_ptr info, const struct halftone_hook *hook);

/* Where this keeps what `begin` has answered, found by the library's client data: the caller
 * provides it. */
struct halftone_taken {
  void *scan;
  int (*unit)(void *scan, JBLOCKROW *blocks, struct halftone_report *report);
};
struct halftone_taken *halftone_taken_of(j_decompress_ptr info);

#endif
