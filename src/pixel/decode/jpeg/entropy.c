/* Puts our entropy decoder of baseline JPEG scans in the place of libjpeg-turbo's.
 *
 * It is in Rust (entropy.rs), which the library's errors must not jump across: what is wrong comes back
 * as a report and is raised here, as one of the library's own messages. This reads the library's
 * structures and nothing of the file.
 */

#include "entropy.h"

#include <jerror.h>

/* The beginning of the library's jpegint.h, which is not installed. */
struct jpeg_entropy_decoder {
  void (*start_pass)(j_decompress_ptr);
  boolean (*decode_mcu)(j_decompress_ptr, JBLOCKROW *);
};

/* Decodes the blocks of one unit; without `blocks` it is passed over. */
static boolean decode_unit(j_decompress_ptr info, JBLOCKROW *blocks) {
  const struct halftone_taken *taken = halftone_taken_of(info);
  struct halftone_report report;
  if (taken->unit(taken->scan, blocks, &report) == 0) return TRUE;
  switch (report.fault) {
    case 0: break;
    case HALFTONE_SHORT: ERREXIT(info, JWRN_HIT_MARKER); break;
    case HALFTONE_OUT_OF_TURN: ERREXIT2(info, JWRN_MUST_RESYNC, report.marker, report.due); break;
    default: ERREXIT(info, JWRN_HUFF_BAD_CODE);
  }
  if (report.skipped > 0) WARNMS2(info, JWRN_EXTRANEOUS_DATA, (int)report.skipped, report.marker);
  if (report.ended) {
    /* The library reads on from here. */
    info->src->next_input_byte += info->src->bytes_in_buffer - report.left;
    info->src->bytes_in_buffer = report.left;
  }
  return TRUE;
}

void halftone_take_over(j_decompress_ptr info, const struct halftone_hook *hook) {
  if (info->progressive_mode || info->arith_code || info->data_precision != 8 ||
      info->comps_in_scan != info->num_components)
    return;
  struct halftone_scan scan = {
      .at = info->src->next_input_byte,
      .left = info->src->bytes_in_buffer,
      .units = (uint64_t)info->MCUs_per_row * info->MCU_rows_in_scan,
      .interval = info->restart_interval,
      .blocks = (uint32_t)info->blocks_in_MCU,
  };
  for (int i = 0; i < info->blocks_in_MCU; i++) {
    const jpeg_component_info *component = info->cur_comp_info[info->MCU_membership[i]];
    const int dc = component->dc_tbl_no, ac = component->ac_tbl_no;
    if (dc < 0 || dc >= NUM_HUFF_TBLS || ac < 0 || ac >= NUM_HUFF_TBLS) return;
    const JHUFF_TBL *dc_table = info->dc_huff_tbl_ptrs[dc], *ac_table = info->ac_huff_tbl_ptrs[ac];
    if (dc_table == NULL || ac_table == NULL) return;
    scan.components[i] = (uint8_t)info->MCU_membership[i];
    scan.dc_tables[i] = (uint8_t)dc;
    scan.ac_tables[i] = (uint8_t)ac;
    scan.dc[dc] = (struct halftone_table){dc_table->bits, dc_table->huffval};
    scan.ac[ac] = (struct halftone_table){ac_table->bits, ac_table->huffval};
  }
  struct halftone_taken *taken = halftone_taken_of(info);
  taken->scan = hook->begin(hook->slot, &scan);
  taken->unit = hook->unit;
  /* What the library reads behind the end of a file is its own. */
  if (taken->scan == NULL) ERREXIT(info, JWRN_JPEG_EOF);
  info->entropy->decode_mcu = decode_unit;
}
