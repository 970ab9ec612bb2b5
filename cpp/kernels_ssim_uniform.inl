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

// N neighbouring sums of 2 R + 1 positions in every lane. What all N have in common is added once, and the ends run.
template <int R, int N>
inline void window_sums(const float* __restrict in, float share, float* __restrict out) {
  for (int i = 0; i < ssim_lanes; ++i) {
    float t[N + 2 * R];
    FASTPERTURB_UNROLL
    for (int k = 0; k < N + 2 * R; ++k) t[k] = in[k * ssim_lanes + i];
    float common = 0.0f;
    FASTPERTURB_UNROLL
    for (int k = N - 1; k <= 2 * R; ++k) common += t[k];
    float left[N], right[N];
    left[N - 1] = right[0] = 0.0f;
    FASTPERTURB_UNROLL
    for (int n = N - 2; n >= 0; --n) left[n] = left[n + 1] + t[n];
    FASTPERTURB_UNROLL
    for (int n = 1; n < N; ++n) right[n] = right[n - 1] + t[n + 2 * R];
    FASTPERTURB_UNROLL
    for (int n = 0; n < N; ++n) out[n * ssim_lanes + i] = (common + left[n] + right[n]) * share;
  }
}

template <int R>
inline void slide_along(const float* sums, size_t pitch, int segment, float share, float* moments) {
  for (int q = 0; q < 4; ++q, sums += pitch, moments += segment * ssim_lanes) {
    constexpr int together = R > 1 ? 4 : 2;  // neighbouring windows that have a position in common
    int p = 0;
    for (; p + together <= segment; p += together)
      window_sums<R, together>(sums + p * ssim_lanes, share, moments + p * ssim_lanes);
    for (; p < segment; ++p) window_sums<R, 1>(sums + p * ssim_lanes, share, moments + p * ssim_lanes);
  }
}

void ssim_slide_along(const float* sums, size_t pitch, int segment, int radius, float share, float* moments) {
  switch (radius) {
    case 1:
      return slide_along<1>(sums, pitch, segment, share, moments);
    case 2:
      return slide_along<2>(sums, pitch, segment, share, moments);
    case 3:
      return slide_along<3>(sums, pitch, segment, share, moments);
    case 4:
      return slide_along<4>(sums, pitch, segment, share, moments);
    case 5:
      return slide_along<5>(sums, pitch, segment, share, moments);
    case 6:
      return slide_along<6>(sums, pitch, segment, share, moments);
    default:
      return slide_along<7>(sums, pitch, segment, share, moments);
  }
}

}  // namespace
}  // namespace fastperturb
