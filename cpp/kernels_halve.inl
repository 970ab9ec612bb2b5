// Part of kernels.cpp: an image at half its size, each pixel the mean of four. Of integer samples that is exact in
// float four times over: 16 bits and twice four more fit its 24.
namespace fastperturb {
namespace {

template <typename Real, int C, typename T>
inline void halve_pixels(const T* __restrict above, const T* __restrict below, size_t pairs, Real* __restrict out) {
  for (size_t x = 0; x < pairs; ++x)
    for (size_t c = 0; c < C; ++c) {
      const size_t left = 2 * x * C + c, right = left + C;
      const Real first = (Real)above[left] + (Real)below[left], second = (Real)above[right] + (Real)below[right];
      out[x * C + c] = (first + second) * (Real)0.25;
    }
}

// An odd last column is paired with itself.
template <typename T, typename Real>
void halve_row(const T* above, const T* below, size_t width, int channels, Real* out) {
  const size_t pairs = width / 2;
  if (channels == 1) halve_pixels<Real, 1>(above, below, pairs, out);
  if (channels == 2) halve_pixels<Real, 2>(above, below, pairs, out);
  if (channels == 3) halve_pixels<Real, 3>(above, below, pairs, out);
  if (channels == 4) halve_pixels<Real, 4>(above, below, pairs, out);
  if (width % 2 == 0) return;
  for (size_t i = 0, last = 2 * pairs * (size_t)channels; i < (size_t)channels; ++i) {
    const Real sum = (Real)above[last + i] + (Real)below[last + i];
    out[pairs * (size_t)channels + i] = (sum + sum) * (Real)0.25;
  }
}

}  // namespace
}  // namespace fastperturb
