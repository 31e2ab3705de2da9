/* Decoding a JPEG to rows of samples, shrunk in proportion to light where that is asked for.
 *
 * libjpeg-turbo reports errors by longjmp, which must not cross Rust, and turns each block of 8×8
 * coefficients into samples by a function that can be replaced. Its own functions for blocks shrunk to
 * 4×4, 2×2 and 1×1 average encoded values. The one here looks at how much detail the block has: where
 * averaging encoded values and averaging light come to the same, the library's function does it, and
 * elsewhere the block is decoded whole and averaged in light.
 *
 * Brightness alone is treated so: the samples of the first component are looked up in the tone curve as
 * if they were grey, which is not right where colours change. And averages over squares fold some of the
 * detail that is finer than themselves into what is coarser. So that detail is summed up, and all
 * changes of colour, over the picture and over each small part of it; where there is too much, decoding
 * is given up for a larger scale. It knows nothing of files, profiles or geometry.
 */

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "entropy.h"

/* The beginning of the library's jpegint.h, which is not installed: its table of transforms. */
typedef void (*transform)(j_decompress_ptr, jpeg_component_info *, JCOEFPTR, JSAMPARRAY, JDIMENSION);
struct jpeg_inverse_dct {
  void (*start_pass)(j_decompress_ptr);
  transform inverse_DCT[MAX_COMPONENTS];
};

/* Mirrored in turbo.rs. */
struct halftone_light {
  uint16_t light[256];  /* of each sample, full light being 65535 */
  uint32_t limit[256];  /* energy up to which a block of this mean needs no care */
  uint8_t sample[4097]; /* of the square root of light, full light being 4096 */
};

struct halftone_request {
  const uint8_t *data;
  size_t len;
  uint32_t width, height; /* of the whole picture, as the header said */
  uint32_t eighths;
  uint32_t x, y, columns, rows; /* the part of the shrunk picture */
  uint32_t bands;
  uint32_t max_scans;
  uint32_t judged; /* whether to give up when too much is lost */
  const struct halftone_light *light; /* null: the library's own averages */
  struct halftone_hook hook;
};

enum { HALFTONE_DONE, HALFTONE_WARNED, HALFTONE_FAILED, HALFTONE_TOO_FINE };

/* Mean variance of the samples, over the picture and over a cell of 8×8 blocks, beyond which averages
 * show: what is lost of any component, and all that the two of colour have. Chosen between what the
 * photographs and what the charts of the quality benchmark have. */
enum {
  LOST_BOUND = 250,
  LOST_CELL_BOUND = 1600,
  COLOUR_BOUND = 300,
  COLOUR_CELL_BOUND = 1000,
  CELL_SIDE = 8,
};

/* What has been summed up of some blocks. */
struct sum {
  uint64_t lost, colour;
};

/* Eight blocks across, and down as many as came so far since the last whole eight. */
struct cell {
  struct sum sum;
  uint32_t blocks;
};

struct state {
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf failed;
  char *message; /* JMSG_LENGTH_MAX bytes */
  int warned;
  int max_scans;
  const struct halftone_light *light;
  transform whole, shrunk[MAX_COMPONENTS];
  struct halftone_taken taken;
  struct sum sum, bound; /* of the picture so far, and how much may be */
  struct cell *cells[MAX_COMPONENTS]; /* null where nothing is judged */
};

static struct state *state_of(j_common_ptr info) { return (struct state *)info->client_data; }

struct halftone_taken *halftone_taken_of(j_decompress_ptr info) {
  return &state_of((j_common_ptr)info)->taken;
}

static void fail(j_common_ptr info) {
  struct state *state = state_of(info);
  info->err->format_message(info, state->message);
  longjmp(state->failed, 1);
}

static void note(j_common_ptr info, int level) {
  struct state *state = state_of(info);
  if (level < 0 && !state->warned) {
    state->warned = 1;
    info->err->format_message(info, state->message);
  }
}

static void count_scans(j_common_ptr info) {
  struct state *state = state_of(info);
  if (((j_decompress_ptr)info)->input_scan_number > state->max_scans) {
    snprintf(state->message, JMSG_LENGTH_MAX, "it has more than %d scans", state->max_scans);
    longjmp(state->failed, 1);
  }
}

/* Sums of squares of a block's coefficients but the first, 64 times the variance of its samples: of all,
 * and of those that are not within the first `side` waves across and down. */
struct energy {
  uint32_t all, lost;
};

/* All bits where a coefficient lies beyond the first 1, 2, 4 or 8 waves. */
#define ROW(n, v) \
  -((v) >= n), -((v) >= n || 1 >= n), -((v) >= n || 2 >= n), -((v) >= n || 3 >= n), \
  -((v) >= n || 4 >= n), -((v) >= n || 5 >= n), -((v) >= n || 6 >= n), -((v) >= n || 7 >= n)
#define BEYOND(n) {ROW(n, 0), ROW(n, 1), ROW(n, 2), ROW(n, 3), ROW(n, 4), ROW(n, 5), ROW(n, 6), ROW(n, 7)}
static const int16_t BEYOND_1[DCTSIZE2] = BEYOND(1), BEYOND_2[DCTSIZE2] = BEYOND(2),
                     BEYOND_4[DCTSIZE2] = BEYOND(4);

static inline struct energy energy(const JCOEF *block, const UINT16 *quant, const int16_t *beyond) {
  uint32_t all = 0, lost = 0;
  for (int i = 0; i < DCTSIZE2; i++) {
    const int16_t value = (int16_t)(block[i] * quant[i]);
    const int16_t kept = value & beyond[i];
    all += (uint32_t)(value * value);
    lost += (uint32_t)(kept * value);
  }
  const int16_t first = (int16_t)(block[0] * quant[0]);
  return (struct energy){all - (uint32_t)(first * first), lost};
}

/* Sums up what a block loses and has, and gives up when it is too much. */
static inline void judge(struct state *state, const jpeg_component_info *component,
                         JDIMENSION column, uint32_t lost, uint32_t colour) {
  struct cell *cells = state->cells[component->component_index];
  if (cells == NULL) return;
  struct cell *cell = &cells[column / component->DCT_scaled_size / CELL_SIDE];
  state->sum.lost += lost;
  state->sum.colour += colour;
  cell->sum.lost += lost;
  cell->sum.colour += colour;
  if (++cell->blocks == CELL_SIDE * CELL_SIDE) {
    const uint64_t samples = DCTSIZE2 * CELL_SIDE * CELL_SIDE;
    if (cell->sum.lost > LOST_CELL_BOUND * samples || cell->sum.colour > COLOUR_CELL_BOUND * samples)
      longjmp(state->failed, 2);
    memset(cell, 0, sizeof *cell);
  }
  if (state->sum.lost > state->bound.lost || state->sum.colour > state->bound.colour)
    longjmp(state->failed, 2);
}

static uint32_t root(uint32_t light) {
  return (uint32_t)(__builtin_sqrtf((float)light * (4096.0f * 4096.0f / 65535.0f)) + 0.5f);
}

/* A block shrunk to `side` samples a side. */
static inline void shrink(j_decompress_ptr info, jpeg_component_info *component, JCOEFPTR block,
                          JSAMPARRAY out, JDIMENSION column, int side) {
  struct state *state = state_of((j_common_ptr)info);
  const struct halftone_light *light = state->light;
  const UINT16 *quant = component->quant_table->quantval;
  int mean = 128 + (block[0] * quant[0] + 4) / 8;
  mean = mean < 0 ? 0 : mean > 255 ? 255 : mean;
  const int16_t *beyond = side == 4 ? BEYOND_4 : side == 2 ? BEYOND_2 : BEYOND_1;
  const struct energy detail = energy(block, quant, beyond);
  judge(state, component, column, detail.lost, 0);
  if (detail.all <= light->limit[mean]) {
    state->shrunk[component->component_index](info, component, block, out, column);
    return;
  }
  JSAMPLE samples[DCTSIZE2];
  JSAMPROW rows[DCTSIZE];
  for (int y = 0; y < DCTSIZE; y++) rows[y] = samples + y * DCTSIZE;
  state->whole(info, component, block, rows, 0);
  const int step = DCTSIZE / side;
  for (int y = 0; y < side; y++) {
    for (int x = 0; x < side; x++) {
      uint32_t sum = 0;
      for (int row = 0; row < step; row++)
        for (int at = 0; at < step; at++)
          sum += light->light[rows[y * step + row][x * step + at]];
      out[y][column + x] = light->sample[root(sum / (step * step))];
    }
  }
}

static void shrink_to_4(j_decompress_ptr info, jpeg_component_info *component, JCOEFPTR block,
                        JSAMPARRAY out, JDIMENSION column) {
  shrink(info, component, block, out, column, 4);
}

static void shrink_to_2(j_decompress_ptr info, jpeg_component_info *component, JCOEFPTR block,
                        JSAMPARRAY out, JDIMENSION column) {
  shrink(info, component, block, out, column, 2);
}

static void shrink_to_1(j_decompress_ptr info, jpeg_component_info *component, JCOEFPTR block,
                        JSAMPARRAY out, JDIMENSION column) {
  shrink(info, component, block, out, column, 1);
}

/* A block of colour: the library transforms it, and what it loses and has counts. */
static void shrink_colour(j_decompress_ptr info, jpeg_component_info *component, JCOEFPTR block,
                          JSAMPARRAY out, JDIMENSION column) {
  struct state *state = state_of((j_common_ptr)info);
  const UINT16 *quant = component->quant_table->quantval;
  const int side = component->DCT_scaled_size;
  const int16_t *beyond = side == 4 ? BEYOND_4 : side == 2 ? BEYOND_2 : BEYOND_1;
  const struct energy detail = energy(block, quant, beyond);
  judge(state, component, column, side < DCTSIZE ? detail.lost : 0, detail.all);
  state->shrunk[component->component_index](info, component, block, out, column);
}

/* Puts our transforms in the place of the library's: of brightness, which is the first component, or of
 * all where a file has them red, green and blue. */
static void replace_transforms(j_decompress_ptr info, struct state *state) {
  if (state->light == NULL || info->comp_info[0].DCT_scaled_size >= DCTSIZE) return;
  for (int i = 0; i < info->num_components; i++) state->shrunk[i] = info->idct->inverse_DCT[i];
  /* The library chooses by the size to which the block is scaled: ask it for that of a whole one. */
  jpeg_component_info *first = info->comp_info;
  const int scaled = first->DCT_scaled_size;
  first->DCT_scaled_size = DCTSIZE;
  info->idct->start_pass(info);
  state->whole = info->idct->inverse_DCT[0];
  first->DCT_scaled_size = scaled;
  info->idct->start_pass(info);
  for (int i = 0; i < info->num_components; i++) {
    const int side = info->comp_info[i].DCT_scaled_size;
    if (i > 0 && info->jpeg_color_space == JCS_YCbCr) {
      if (state->cells[i] != NULL) info->idct->inverse_DCT[i] = shrink_colour;
    } else if (side == 1 || side == 2 || side == 4) {
      info->idct->inverse_DCT[i] = side == 4 ? shrink_to_4 : side == 2 ? shrink_to_2 : shrink_to_1;
    }
  }
}

/* Makes room for judging a window of the picture. */
static void prepare_judging(j_decompress_ptr info, const struct halftone_request *request,
                            struct state *state) {
  const double share = (double)request->columns * request->rows /
                       ((double)info->output_width * info->output_height);
  for (int i = 0; i < info->num_components; i++) {
    const jpeg_component_info *component = &info->comp_info[i];
    const double samples =
        share * component->width_in_blocks * component->height_in_blocks * DCTSIZE2;
    if (i == 0) state->bound.lost = (uint64_t)(samples * LOST_BOUND) + 1;
    if (i == 1) state->bound.colour = (uint64_t)(samples * COLOUR_BOUND) + 1;
    const size_t len = (component->width_in_blocks / CELL_SIDE + 1) * sizeof(struct cell);
    state->cells[i] = info->mem->alloc_large((j_common_ptr)info, JPOOL_IMAGE, len);
    memset(state->cells[i], 0, len);
  }
}

static void read_rows(j_decompress_ptr info, const struct halftone_request *request, uint8_t *out) {
  JDIMENSION x = request->x, columns = request->columns;
  if (columns != info->output_width) {
    jpeg_crop_scanline(info, &x, &columns);
    if (x != request->x || columns != request->columns) ERREXIT(info, JERR_WIDTH_OVERFLOW);
  }
  if (request->y > 0) jpeg_skip_scanlines(info, request->y);
  const size_t pitch = (size_t)columns * request->bands;
  const JDIMENSION end = request->y + request->rows;
  while (info->output_scanline < end) {
    JSAMPROW rows[16];
    JDIMENSION count = end - info->output_scanline;
    if (count > 16) count = 16;
    for (JDIMENSION i = 0; i < count; i++)
      rows[i] = out + (info->output_scanline - request->y + i) * pitch;
    jpeg_read_scanlines(info, rows, count);
  }
}

/* Decodes into `out`, which holds exactly columns × rows × bands samples. `message` holds
 * JMSG_LENGTH_MAX bytes and says what was wrong, or first wrong. */
int halftone_decode(const struct halftone_request *request, uint8_t *out, char *message) {
  struct jpeg_decompress_struct info;
  struct state state;
  memset(&info, 0, sizeof info);
  memset(&state, 0, sizeof state);
  info.err = jpeg_std_error(&state.errors);
  info.client_data = &state;
  state.errors.error_exit = fail;
  state.errors.emit_message = note;
  state.progress.progress_monitor = count_scans;
  state.message = message;
  state.max_scans = (int)request->max_scans;
  state.light = request->light;
  const int jumped = setjmp(state.failed);
  if (jumped != 0) {
    jpeg_destroy_decompress(&info);
    return jumped == 2 ? HALFTONE_TOO_FINE : HALFTONE_FAILED;
  }
  jpeg_create_decompress(&info);
  info.client_data = &state;
  info.progress = &state.progress;
  jpeg_mem_src(&info, request->data, request->len);
  jpeg_read_header(&info, TRUE);
  info.out_color_space = request->bands == 1 ? JCS_GRAYSCALE : request->bands == 3 ? JCS_RGB : JCS_CMYK;
  info.dct_method = JDCT_ISLOW;
  info.scale_num = request->eighths;
  info.scale_denom = 8;
  jpeg_start_decompress(&info);
  if (info.image_width != request->width || info.image_height != request->height ||
      (uint32_t)info.output_components != request->bands || info.data_precision != 8 ||
      request->x + request->columns > info.output_width ||
      request->y + request->rows > info.output_height) {
    snprintf(message, JMSG_LENGTH_MAX, "its header is ambiguous");
    jpeg_destroy_decompress(&info);
    return HALFTONE_FAILED;
  }
  if (request->judged) prepare_judging(&info, request, &state);
  replace_transforms(&info, &state);
  halftone_take_over(&info, &request->hook);
  read_rows(&info, request, out);
  if (info.output_scanline == info.output_height) jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return state.warned ? HALFTONE_WARNED : HALFTONE_DONE;
}
