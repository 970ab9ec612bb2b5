// Part of kernels.cpp: SSIM's moments for uniform windows of 8-bit images, by running sums. All sums are whole numbers
// that float holds exactly, so they neither drift nor depend on the order.

namespace fastperturb {
namespace {

void ssim_slide_down(const float* __restrict u_in, const float* __restrict v_in, const float* __restrict u_out,
                     const float* __restrict v_out, size_t floats, size_t pitch, float* __restrict sums) {
  if (u_out == nullptr) {
    for (size_t i = 0; i < floats; ++i) {
      sums[i] += u_in[i];
      sums[pitch + i] += v_in[i];
      sums[2 * pitch + i] += u_in[i] * u_in[i];
      sums[3 * pitch + i] += v_in[i] * v_in[i];
    }
    return;
  }
  for (size_t i = 0; i < floats; ++i) {
    sums[i] += u_in[i] - u_out[i];
    sums[pitch + i] += v_in[i] - v_out[i];
    sums[2 * pitch + i] += u_in[i] * u_in[i] - u_out[i] * u_out[i];
    sums[3 * pitch + i] += v_in[i] * v_in[i] - v_out[i] * v_out[i];
  }
}

void ssim_slide_along(const float* __restrict sums, size_t pitch, int segment, int radius, float share,
                      float* __restrict moments) {
  const size_t plane = (size_t)(segment * ssim_lanes), reach = (size_t)(2 * radius * ssim_lanes);
  float window[4][ssim_lanes];
  for (int q = 0; q < 4; ++q)
    for (int i = 0; i < ssim_lanes; ++i) window[q][i] = 0.0f;
  for (int k = 0; k < 2 * radius; ++k)
    for (int q = 0; q < 4; ++q)
      for (int i = 0; i < ssim_lanes; ++i) window[q][i] += sums[(size_t)q * pitch + (size_t)(k * ssim_lanes + i)];
  for (size_t j = 0; j < plane; j += ssim_lanes) {
    FASTPERTURB_UNROLL
    for (size_t q = 0; q < 4; ++q)
      for (size_t i = 0; i < ssim_lanes; ++i) {
        const float* from = sums + q * pitch + j + i;
        const float sum = window[q][i] + from[reach];
        moments[q * plane + j + i] = sum * share;
        window[q][i] = sum - from[0];
      }
  }
}

}  // namespace
}  // namespace fastperturb
