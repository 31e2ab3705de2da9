/* Entropy decoding of baseline JPEG scans (ITU-T T.81, annex F), in the place of libjpeg-turbo's.
 *
 * Most of the time of making a small picture from a large one goes into undoing the Huffman coding.
 * libjpeg-turbo does that one symbol at a time, and in its careful way throughout where there are restart
 * markers. Here ten bits are looked up at once, which mostly hold a code and the bits of its coefficient
 * together, and bits are fetched eight bytes at a time where none is a marker's.
 *
 * Whatever is not as it should be ends decoding with one of the library's own messages. It reads nothing
 * beyond the end of the file and writes nothing but the blocks that it is given. It knows nothing of
 * what becomes of coefficients.
 */

#include "entropy.h"

#include <string.h>

#include <jerror.h>

/* The beginning of the library's jpegint.h, which is not installed. */
struct jpeg_entropy_decoder {
  void (*start_pass)(j_decompress_ptr);
  boolean (*decode_mcu)(j_decompress_ptr, JBLOCKROW *);
};

/* Where in a block coefficients come, and where those of a run that leads out of it. */
static const uint8_t ORDER[DCTSIZE2 + 16] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48, 41, 34,
    27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63, 63, 63, 63, 63, 63, 63, 63, 63,
    63, 63, 63, 63, 63, 63, 63, 63};

/* The number that `size` bits stand for (figure F.12). */
static inline int extended(uint32_t bits, int size) {
  return bits < 1u << (size - 1) ? (int)bits - (1 << size) + 1 : (int)bits;
}

/* Fills what a code of `length` bits is looked up by. */
static void fill(struct halftone_table *table, uint32_t code, int length, uint8_t symbol) {
  const int free_bits = HALFTONE_LOOK - length, size = symbol & 15;
  for (uint32_t rest = 0; rest < 1u << free_bits; rest++) {
    struct halftone_code found = {0, symbol, (uint8_t)length};
    if (size > 0 && size <= free_bits) {
      found.value = (int16_t)extended(rest >> (free_bits - size), size);
      found.symbol = symbol & 0xf0;
      found.length = (uint8_t)(length + size);
    }
    table->codes[code << free_bits | rest] = found;
  }
}

/* The library has made sure that the codes of a table that it has started with fit their lengths. */
static struct halftone_table *build(j_decompress_ptr info, const JHUFF_TBL *from) {
  struct halftone_table *table =
      info->mem->alloc_large((j_common_ptr)info, JPOOL_IMAGE, sizeof *table);
  memset(table, 0, sizeof *table);
  table->symbols = from->huffval;
  uint32_t code = 0, place = 0;
  for (int length = 1; length <= 16; length++, code <<= 1) {
    table->offset[length] = (int32_t)place - (int32_t)code;
    for (int i = 0; i < from->bits[length] && place < 256; i++, code++, place++) {
      if (length <= HALFTONE_LOOK && code < 1u << length)
        fill(table, code, length, from->huffval[place]);
    }
    table->last[length] = from->bits[length] > 0 ? (int32_t)code - 1 : -1;
  }
  return table;
}

/* Fetches bits byte by byte until there are more than 56; beyond a marker or the end they are noughts. */
static __attribute__((noinline)) struct halftone_bits fetch_bytes(struct halftone_bits in) {
  while (in.count <= 56) {
    uint64_t byte = 0;
    if (in.marker || in.at == in.end) {
      in.marker = 1;
    } else if (*in.at != 0xff) {
      byte = *in.at++;
    } else if (in.end - in.at >= 2 && in.at[1] == 0) {
      byte = 0xff;
      in.at += 2;
    } else {
      in.marker = 1;
    }
    if (in.marker) in.missing += 8;
    in.bits |= byte << (56 - in.count);
    in.count += 8;
  }
  return in;
}

/* Fetches bits until there are more than 56; there were less than 32. */
static inline void fetch(struct halftone_bits *in) {
  if (in->end - in->at >= 8) {
    uint64_t word;
    memcpy(&word, in->at, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    /* Whether no byte has all bits set. */
    if (((~word - 0x0101010101010101u) & word & 0x8080808080808080u) == 0) {
      const int bytes = (64 - in->count) / 8;
      /* What is set beyond the last whole byte will be set to the same by the next fetch. */
      in->bits |= word >> in->count;
      in->at += bytes;
      in->count += bytes * 8;
      return;
    }
  }
  *in = fetch_bytes(*in);
}

static inline void consume(struct halftone_bits *in, int count) {
  in->bits <<= count;
  in->count -= count;
}

/* Reads a code, and the coefficient if its bits were looked up with it. */
static inline struct halftone_code read_code(j_decompress_ptr info, struct halftone_bits *in,
                                             const struct halftone_table *table) {
  /* The longest code and the most bits of a coefficient. */
  if (in->count < 32) fetch(in);
  struct halftone_code found = table->codes[in->bits >> (64 - HALFTONE_LOOK)];
  if (found.length == 0) {
    int length = HALFTONE_LOOK + 1;
    while (length <= 16 && (int32_t)(in->bits >> (64 - length)) > table->last[length]) length++;
    if (length > 16) ERREXIT(info, JWRN_HUFF_BAD_CODE);
    const int32_t place = (int32_t)(in->bits >> (64 - length)) + table->offset[length];
    if (place < 0 || place > 255) ERREXIT(info, JWRN_HUFF_BAD_CODE);
    found = (struct halftone_code){0, table->symbols[place], (uint8_t)length};
  }
  consume(in, found.length);
  return found;
}

static inline int read_number(struct halftone_bits *in, int size) {
  const uint32_t bits = (uint32_t)(in->bits >> (64 - size));
  consume(in, size);
  return extended(bits, size);
}

static inline void read_block(j_decompress_ptr info, struct halftone_scan *scan,
                              struct halftone_bits *in, int place, JCOEF *block) {
  const jpeg_component_info *component = info->cur_comp_info[place];
  struct halftone_code code = read_code(info, in, scan->dc_tables[component->dc_tbl_no]);
  int change = code.value;
  if (change == 0 && (code.symbol & 15) > 0) change = read_number(in, code.symbol & 15);
  scan->dc[place] += (uint32_t)change;
  block[0] = (JCOEF)scan->dc[place];
  const struct halftone_table *table = scan->ac_tables[component->ac_tbl_no];
  for (int at = 1; at < DCTSIZE2; at++) {
    code = read_code(info, in, table);
    const int run = code.symbol >> 4, size = code.symbol & 15;
    if (code.value != 0) {
      at += run;
      block[ORDER[at]] = code.value;
    } else if (size > 0) {
      at += run;
      block[ORDER[at]] = (JCOEF)read_number(in, size);
    } else if (run == 15) {
      at += 15;
    } else {
      break;
    }
  }
}

/* Goes on after the restart marker, which has to be the next. */
static void restart(j_decompress_ptr info, struct halftone_scan *scan) {
  struct halftone_bits *in = &scan->bits;
  size_t skipped = (size_t)(in->count - in->missing) / 8;
  const uint8_t *at = in->at;
  for (; in->end - at >= 2 && (at[0] != 0xff || at[1] == 0 || at[1] == 0xff); at++)
    if (at[0] != 0xff || at[1] == 0) skipped++;
  if (in->end - at < 2) ERREXIT(info, JWRN_HIT_MARKER);
  if (at[1] != 0xd0 + scan->restart) ERREXIT2(info, JWRN_MUST_RESYNC, at[1], (int)scan->restart);
  if (skipped > 0) WARNMS2(info, JWRN_EXTRANEOUS_DATA, (int)skipped, at[1]);
  *in = (struct halftone_bits){.at = at + 2, .end = in->end};
  scan->restart = (scan->restart + 1) % 8;
  scan->left = scan->interval;
  memset(scan->dc, 0, sizeof scan->dc);
}

/* Decodes the blocks of one unit; without `blocks` it is passed over. */
static boolean decode_unit(j_decompress_ptr info, JBLOCKROW *blocks) {
  struct halftone_scan *scan = halftone_scan_of(info);
  if (scan->interval > 0 && scan->left == 0) restart(info, scan);
  struct halftone_bits in = scan->bits;
  JBLOCK passed_over;
  for (int i = 0; i < info->blocks_in_MCU; i++)
    read_block(info, scan, &in, info->MCU_membership[i], blocks != NULL ? *blocks[i] : passed_over);
  /* More bits were used than there are. */
  if (in.count < in.missing) ERREXIT(info, JWRN_HIT_MARKER);
  scan->bits = in;
  scan->left--;
  if (--scan->units == 0) {
    /* The library reads on from here. */
    info->src->next_input_byte = in.at;
    info->src->bytes_in_buffer = (size_t)(in.end - in.at);
  }
  return TRUE;
}

void halftone_take_over(j_decompress_ptr info, struct halftone_scan *scan) {
  if (info->progressive_mode || info->arith_code || info->data_precision != 8 ||
      info->comps_in_scan != info->num_components)
    return;
  memset(scan, 0, sizeof *scan);
  for (int i = 0; i < info->comps_in_scan; i++) {
    const jpeg_component_info *component = info->cur_comp_info[i];
    const int dc = component->dc_tbl_no, ac = component->ac_tbl_no;
    if (dc < 0 || dc >= NUM_HUFF_TBLS || ac < 0 || ac >= NUM_HUFF_TBLS) return;
    if (info->dc_huff_tbl_ptrs[dc] == NULL || info->ac_huff_tbl_ptrs[ac] == NULL) return;
    if (scan->dc_tables[dc] == NULL)
      scan->dc_tables[dc] = build(info, info->dc_huff_tbl_ptrs[dc]);
    if (scan->ac_tables[ac] == NULL)
      scan->ac_tables[ac] = build(info, info->ac_huff_tbl_ptrs[ac]);
  }
  scan->bits.at = info->src->next_input_byte;
  scan->bits.end = info->src->next_input_byte + info->src->bytes_in_buffer;
  scan->interval = scan->left = info->restart_interval;
  scan->units = (uint64_t)info->MCUs_per_row * info->MCU_rows_in_scan;
  info->entropy->decode_mcu = decode_unit;
}
