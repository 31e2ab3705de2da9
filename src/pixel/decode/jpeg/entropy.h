/* Entropy decoding of baseline JPEG scans, in the place of libjpeg-turbo's. See entropy.c. */
#ifndef HALFTONE_ENTROPY_H
#define HALFTONE_ENTROPY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

/* Bits of the stream that are looked up at once. */
enum { HALFTONE_LOOK = 10 };

/* What a lookup tells: a coefficient, or how to read one. */
struct halftone_code {
  int16_t value;   /* the coefficient, or 0 where its bits reach beyond what is looked up */
  uint8_t symbol;  /* run of noughts times 16, plus the number of bits that are still to be read */
  uint8_t length;  /* bits to consume; 0 for a code that is longer than what is looked up */
};

/* One Huffman table. */
struct halftone_table {
  struct halftone_code codes[1 << HALFTONE_LOOK];
  int32_t last[17];   /* the last code of each length, -1 where there is none */
  int32_t offset[17]; /* from a code of this length to its place among the symbols */
  const UINT8 *symbols;
};

/* The bits of a scan. */
struct halftone_bits {
  const uint8_t *at, *end; /* bytes that have not been read yet */
  uint64_t bits;           /* read and not consumed, from the highest bit on */
  int count;               /* how many those are */
  int missing;             /* how many of them were made up, since a marker or the end was met */
  int marker;              /* whether it was */
};

/* The state of a scan. */
struct halftone_scan {
  struct halftone_bits bits;
  unsigned interval, left; /* units between restarts, and until the next */
  unsigned restart;        /* number of the next restart marker, 0 to 7 */
  uint64_t units;          /* left in the scan */
  uint32_t dc[MAX_COMPS_IN_SCAN];
  struct halftone_table *dc_tables[NUM_HUFF_TBLS], *ac_tables[NUM_HUFF_TBLS];
};

/* Takes over the entropy decoding of a picture that has been started, if it is a baseline one of a
 * single scan and all of the file is in memory. `scan` outlives the decoding. */
void halftone_take_over(j_decompress_ptr info, struct halftone_scan *scan);

/* The scan that `halftone_take_over` was given, found by the library's client data: the caller
 * provides it. */
struct halftone_scan *halftone_scan_of(j_decompress_ptr info);

#endif
