// A cover over LibRaw with plain types only: what a raw file holds, its preview, its developed
// pixels. LibRaw's structures differ between its versions, which is why this is compiled against
// the headers that are installed.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include <libraw/libraw.h>

namespace {

struct Raw {
    LibRaw libraw;
    bool damaged = false;
};

// The type of the offset differs between versions.
template <typename Offset>
void note_damage(void *raw, const char *, Offset) {
    static_cast<Raw *>(raw)->damaged = true;
}

}  // namespace

extern "C" {

// Keep in step with sys.rs.
struct HalftoneRawAbout {
    uint32_t width;
    uint32_t height;
    uint32_t flip;
    uint32_t colours;
    uint32_t raw_width;
    uint32_t raw_height;
    uint32_t halves;
};

enum { DAMAGED = -1, FAILED = -2, NO_MEMORY = -3, UNKNOWN = -4, LARGE = -5 };

static int code(int result) {
    switch (result) {
        case LIBRAW_SUCCESS: return 0;
        case LIBRAW_FILE_UNSUPPORTED: return UNKNOWN;
        case LIBRAW_UNSUFFICIENT_MEMORY: return NO_MEMORY;
        case LIBRAW_TOO_BIG: return LARGE;
        case LIBRAW_IO_ERROR:
        case LIBRAW_DATA_ERROR: return DAMAGED;
        default: return FAILED;
    }
}

// Opens `len` bytes at `data`, which have to stay until the handle is closed.
void *halftone_raw_open(const void *data, size_t len, int *result) noexcept try {
    Raw *raw = new Raw;
    raw->libraw.set_dataerror_handler(note_damage, raw);
    *result = code(raw->libraw.open_buffer(const_cast<void *>(data), len));
    if (*result == 0) return raw;
    delete raw;
    return nullptr;
} catch (const std::bad_alloc &) {
    *result = NO_MEMORY;
    return nullptr;
} catch (...) {
    *result = FAILED;
    return nullptr;
}

void halftone_raw_close(void *handle) noexcept {
    delete static_cast<Raw *>(handle);
}

// What the developed picture is. The handle is of no use for pixels afterwards.
int halftone_raw_about(void *handle, HalftoneRawAbout *about) noexcept try {
    LibRaw &libraw = static_cast<Raw *>(handle)->libraw;
    about->flip = static_cast<uint32_t>(libraw.imgdata.sizes.flip);
    about->colours = static_cast<uint32_t>(libraw.imgdata.idata.colors);
    about->raw_width = libraw.imgdata.sizes.raw_width;
    about->raw_height = libraw.imgdata.sizes.raw_height;
    // Smaller numbers stand for filters without cells of two by two, or for none.
    about->halves = libraw.imgdata.idata.filters > 1000;
    libraw.imgdata.params.user_flip = 0;
    int result = libraw.adjust_sizes_info_only();
    about->width = libraw.imgdata.sizes.iwidth;
    about->height = libraw.imgdata.sizes.iheight;
    return code(result);
} catch (...) {
    return FAILED;
}

// The preview as a JPEG file, which belongs to the handle; none is no failure.
int halftone_raw_preview(void *handle, const uint8_t **data, size_t *len) noexcept try {
    LibRaw &libraw = static_cast<Raw *>(handle)->libraw;
    *data = nullptr;
    *len = 0;
    if (libraw.unpack_thumb() != LIBRAW_SUCCESS) return 0;
    const libraw_thumbnail_t &preview = libraw.imgdata.thumbnail;
    if (preview.tformat == LIBRAW_THUMBNAIL_JPEG && preview.thumb) {
        *data = reinterpret_cast<const uint8_t *>(preview.thumb);
        *len = preview.tlength;
    }
    return 0;
} catch (...) {
    return FAILED;
}

// The XMP packet, which belongs to the handle.
void halftone_raw_xmp(void *handle, const uint8_t **data, size_t *len) noexcept {
    const libraw_iparams_t &params = static_cast<Raw *>(handle)->libraw.imgdata.idata;
    *data = reinterpret_cast<const uint8_t *>(params.xmpdata);
    *len = params.xmpdata ? params.xmplen : 0;
}

// Develops: the camera's white balance, sRGB, 16 bits, not turned. Says the size of the result.
int halftone_raw_develop(void *handle, int half, uint32_t *width, uint32_t *height,
                         uint32_t *bands) noexcept try {
    Raw *raw = static_cast<Raw *>(handle);
    LibRaw &libraw = raw->libraw;
    libraw_output_params_t &params = libraw.imgdata.params;
    params.user_flip = 0;
    params.half_size = half;
    params.use_camera_wb = 1;
    params.use_auto_wb = 0;
    params.output_color = 1;
    params.output_bps = 16;
    // The curve of sRGB; what is as bright as the sensor goes is white, whatever the picture shows.
    params.gamm[0] = 1.0 / 2.4;
    params.gamm[1] = 12.92;
    params.no_auto_bright = 1;
    int result = libraw.unpack();
    if (result == LIBRAW_SUCCESS && raw->damaged) return DAMAGED;
    if (result == LIBRAW_SUCCESS) result = libraw.dcraw_process();
    if (result != LIBRAW_SUCCESS) return code(result);
    int w = 0, h = 0, colours = 0, bits = 0;
    libraw.get_mem_image_format(&w, &h, &colours, &bits);
    if (w <= 0 || h <= 0 || (colours != 1 && colours != 3) || bits != 16) return FAILED;
    *width = static_cast<uint32_t>(w);
    *height = static_cast<uint32_t>(h);
    *bands = static_cast<uint32_t>(colours);
    return 0;
} catch (const std::bad_alloc &) {
    return NO_MEMORY;
} catch (...) {
    return FAILED;
}

// Copies the developed pixels, `len` samples, rows without padding.
int halftone_raw_copy(void *handle, uint16_t *out, size_t len) noexcept try {
    LibRaw &libraw = static_cast<Raw *>(handle)->libraw;
    int w = 0, h = 0, colours = 0, bits = 0;
    libraw.get_mem_image_format(&w, &h, &colours, &bits);
    const size_t row = static_cast<size_t>(w) * static_cast<size_t>(colours);
    if (bits != 16 || row * static_cast<size_t>(h) != len) return FAILED;
    return code(libraw.copy_mem_image(out, static_cast<int>(row * 2), 0));
} catch (...) {
    return FAILED;
}

}  // extern "C"
