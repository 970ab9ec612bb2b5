// The hot loops, written once and compiled once per instruction set: FASTPERTURB_ISA names the set and the exported
// table. Everything else has internal linkage and no C++ header is included, so that no copy compiled for a newer
// processor can be picked by the linker for an older one.
#include "kernels.hpp"

#include <string.h>

#define FASTPERTURB_JOIN_(a, b) a##b
#define FASTPERTURB_JOIN(a, b) FASTPERTURB_JOIN_(a, b)
#define FASTPERTURB_TEXT_(a) #a
#define FASTPERTURB_TEXT(a) FASTPERTURB_TEXT_(a)

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "fastperturb stores keystream words and samples little-endian; big-endian machines are not supported"
#endif

#include "kernels_simd.inl"
#include "kernels_vectors.inl"

#include "kernels_error.inl"
#include "kernels_halve.inl"
#include "kernels_marks.inl"
#include "kernels_random.inl"
#include "kernels_residuals.inl"
#include "kernels_ssim.inl"
#include "kernels_ssim_box.inl"
#include "kernels_ssim_uniform.inl"

namespace fastperturb {

extern const Kernels FASTPERTURB_JOIN(kernels_, FASTPERTURB_ISA);
const Kernels FASTPERTURB_JOIN(kernels_, FASTPERTURB_ISA) = {
    FASTPERTURB_TEXT(FASTPERTURB_ISA),
    chacha20,
    draw16,
    draw32,
    pick_marked,
    squared_error_u8,
    squared_error_u16,
    squared_error_floating<float>,
    squared_error_floating<double>,
    halve_row<uint8_t, float>,
    halve_row<uint16_t, float>,
    halve_row<float, float>,
    halve_row<double, double>,
    split_row<uint8_t>,
    split_row<uint16_t>,
    split_row<uint32_t>,
    fold_row<uint8_t>,
    fold_row<uint16_t>,
    fold_row<uint32_t>,
    colour_items,
    colours_of,
    tint_range,
    pick_tinted,
    find_tinted,
    ssim_spread_u8,
    ssim_spread_samples<uint16_t>,
    ssim_spread_samples<float>,
    ssim_spread_samples<double>,
    ssim_rows,
    ssim_columns,
    ssim_slide_down,
    ssim_slide_along,
    box_spread,
    box_enter,
    box_row,
    ssim_score,
};

}  // namespace fastperturb
