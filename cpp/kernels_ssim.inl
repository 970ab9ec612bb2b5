// Part of kernels.cpp: the four stages of SSIM (Wang, Bovik, Sheikh, Simoncelli 2004) on strips spread over 16 lanes,
// as kernels.hpp lays them out. With u = x + y and v = x - y four filtered quantities are enough: u, v, u^2, v^2. Every
// sum is written in the order in which it is added and nothing is fused, so all builds give the same bits.
namespace fastperturb {
namespace {

#if defined(__GNUC__)
#define FASTPERTURB_UNROLL _Pragma("GCC unroll 32")
#else
#define FASTPERTURB_UNROLL
#endif

constexpr int block_vectors = 4;  // outputs of a filter made at once: each input is loaded 14/4 times instead of 11

// words[16 q + l] = the four bytes at from + l * step + 4 q, for q < 4. Stored in whole registers: a load that spans
// two stores would wait until both have left for the cache.
inline void spread_words(const uint8_t* from, ptrdiff_t step, uint32_t* words) {
#if defined(__SSE2__)
  constexpr int width = sizeof(Register) / 4;
  for (int l = 0; l < ssim_lanes; l += width, from += width * step) {
    const Register row0 = load_sixteens(from, 4 * step), row1 = load_sixteens(from + step, 4 * step);
    const Register row2 = load_sixteens(from + 2 * step, 4 * step), row3 = load_sixteens(from + 3 * step, 4 * step);
    const Register low01 = FASTPERTURB_SIMD(unpacklo_epi32)(row0, row1);
    const Register low23 = FASTPERTURB_SIMD(unpacklo_epi32)(row2, row3);
    const Register high01 = FASTPERTURB_SIMD(unpackhi_epi32)(row0, row1);
    const Register high23 = FASTPERTURB_SIMD(unpackhi_epi32)(row2, row3);
    *(Register*)(words + l) = FASTPERTURB_SIMD(unpacklo_epi64)(low01, low23);
    *(Register*)(words + l + ssim_lanes) = FASTPERTURB_SIMD(unpackhi_epi64)(low01, low23);
    *(Register*)(words + l + 2 * ssim_lanes) = FASTPERTURB_SIMD(unpacklo_epi64)(high01, high23);
    *(Register*)(words + l + 3 * ssim_lanes) = FASTPERTURB_SIMD(unpackhi_epi64)(high01, high23);
  }
#else
  for (int q = 0; q < 4; ++q)
    for (int l = 0; l < ssim_lanes; ++l) memcpy(words + q * ssim_lanes + l, from + l * step + 4 * q, 4);
#endif
}

inline void widen_bytes(const uint32_t* __restrict x, const uint32_t* __restrict y, int bits, int32_t twice_centre,
                        int32_t shift, float* __restrict u, float* __restrict v) {
  for (int l = 0; l < ssim_lanes; ++l) {
    const int32_t xi = (int32_t)(x[l] >> bits & 255), yi = (int32_t)(y[l] >> bits & 255);
    u[l] = (float)(xi + yi - twice_centre);
    v[l] = (float)(xi - yi - shift);
  }
}

// Sixteen bytes of every lane at a time: bytes are turned into lanes four by four, then shifted apart.
template <int C>
inline void spread_bytes(const uint8_t* a, const uint8_t* b, const Strip& strip, float* u, float* v) {
  const int samples = (strip.segment + 2 * strip.radius) * C;
  const int32_t twice_centre = 2 * (int32_t)strip.centre, shift = (int32_t)strip.shift;
  const ptrdiff_t plane = (ptrdiff_t)strip.pitch * ssim_lanes;
  ptrdiff_t at = 0;  // of the next sample's vector
  int channel = 0;
  for (int s = 0; s < samples; s += 16) {
    alignas(64) uint32_t x[4 * ssim_lanes], y[4 * ssim_lanes];
    spread_words(a + s, strip.segment * C, x);
    spread_words(b + s, strip.segment * C, y);
    const int words = samples - s < 16 ? (samples - s + 3) / 4 : 4;
    for (int q = 0; q < words; ++q) {
      FASTPERTURB_UNROLL
      for (int k = 0; k < 4; ++k) {
        widen_bytes(x + q * ssim_lanes, y + q * ssim_lanes, 8 * k, twice_centre, shift, u + at, v + at);
        const bool last = channel == C - 1;
        at += last ? ssim_lanes - (C - 1) * plane : plane;
        channel = last ? 0 : channel + 1;
      }
    }
  }
}

void ssim_spread_u8(const uint8_t* a, const uint8_t* b, const Strip& strip, float* u, float* v) {
  if (strip.channels == 1) return spread_bytes<1>(a, b, strip, u, v);
  if (strip.channels == 2) return spread_bytes<2>(a, b, strip, u, v);
  if (strip.channels == 3) return spread_bytes<3>(a, b, strip, u, v);
  spread_bytes<4>(a, b, strip, u, v);
}

// Differences are taken in the samples' own precision, or float for 16-bit integers, in which they are exact.
template <typename T>
void ssim_spread_samples(const T* a, const T* b, const Strip& strip, float* u, float* v) {
  using Real = decltype(T() + 0.0f);
  const Real centre = (Real)strip.centre, shift = (Real)strip.shift, scale = (Real)strip.scale;
  const ptrdiff_t step = (ptrdiff_t)strip.segment * strip.channels;
  for (int c = 0; c < strip.channels; ++c) {
    float* uc = u + (size_t)c * (size_t)strip.pitch * ssim_lanes;
    float* vc = v + (size_t)c * (size_t)strip.pitch * ssim_lanes;
    for (int p = 0; p < strip.segment + 2 * strip.radius; ++p, uc += ssim_lanes, vc += ssim_lanes) {
      const T* const ap = a + p * strip.channels + c;
      const T* const bp = b + p * strip.channels + c;
      for (int l = 0; l < ssim_lanes; ++l) {
        const Real x = (Real)ap[l * step], y = (Real)bp[l * step];
        uc[l] = (float)(((x - centre) + (y - centre)) * scale);
        vc[l] = (float)(((x - y) - shift) * scale);
      }
    }
  }
}

// N neighbouring outputs of a symmetric window of radius R, in every lane: the pairs are added first, smallest weight
// first. `in(k, i)` gives lane i of the k-th of the N + 2 R inputs.
template <int R, int N, typename In>
inline void filter(const In& in, const float* __restrict weights, float* __restrict out, size_t out_pitch) {
  for (int i = 0; i < ssim_lanes; ++i) {
    float t[N + 2 * R];
    FASTPERTURB_UNROLL
    for (int k = 0; k < N + 2 * R; ++k) t[k] = in(k, i);
    FASTPERTURB_UNROLL
    for (int n = 0; n < N; ++n) {
      float sum = weights[R] * (t[n] + t[n + 2 * R]);
      FASTPERTURB_UNROLL
      for (int k = R - 1; k >= 1; --k) sum = sum + weights[k] * (t[n + R - k] + t[n + R + k]);
      out[(size_t)n * out_pitch + (size_t)i] = sum + weights[0] * t[n + R];
    }
  }
}

// The same for one output and any radius.
template <typename In>
inline void filter_any(const In& in, const float* __restrict weights, int radius, float* __restrict out) {
  float sum[ssim_lanes];
  for (int i = 0; i < ssim_lanes; ++i) sum[i] = 0.0f;
  for (int k = radius; k >= 1; --k)
    for (int i = 0; i < ssim_lanes; ++i) sum[i] = sum[i] + weights[k] * (in(radius - k, i) + in(radius + k, i));
  for (int i = 0; i < ssim_lanes; ++i) out[i] = sum[i] + weights[0] * in(radius, i);
}

template <int R, int N>
inline void filter_row_block(const float* __restrict u, const float* __restrict v, const float* weights, size_t plane,
                             float* out) {
  const auto plain = [](const float* from) { return [from](int k, int i) { return from[k * ssim_lanes + i]; }; };
  const auto square = [](const float* from) {
    return [from](int k, int i) { return from[k * ssim_lanes + i] * from[k * ssim_lanes + i]; };
  };
  filter<R, N>(plain(u), weights, out, ssim_lanes);
  filter<R, N>(plain(v), weights, out + plane, ssim_lanes);
  filter<R, N>(square(u), weights, out + 2 * plane, ssim_lanes);
  filter<R, N>(square(v), weights, out + 3 * plane, ssim_lanes);
}

template <int R>
inline void filter_row(const float* u, const float* v, int segment, const float* weights, float* out) {
  const size_t plane = (size_t)segment * ssim_lanes;
  int p = 0;
  for (; p + 4 <= segment; p += 4, u += 4 * ssim_lanes, v += 4 * ssim_lanes, out += 4 * ssim_lanes)
    filter_row_block<R, 4>(u, v, weights, plane, out);
  for (; p + 2 <= segment; p += 2, u += 2 * ssim_lanes, v += 2 * ssim_lanes, out += 2 * ssim_lanes)
    filter_row_block<R, 2>(u, v, weights, plane, out);
  if (p < segment) filter_row_block<R, 1>(u, v, weights, plane, out);
}

void ssim_rows(const float* u, const float* v, int segment, const float* weights, int radius, float* filtered) {
  if (radius == 5) return filter_row<5>(u, v, segment, weights, filtered);
  const size_t plane = (size_t)segment * ssim_lanes;
  for (int p = 0; p < segment; ++p, u += ssim_lanes, v += ssim_lanes, filtered += ssim_lanes) {
    filter_any([=](int k, int i) { return u[k * ssim_lanes + i]; }, weights, radius, filtered);
    filter_any([=](int k, int i) { return v[k * ssim_lanes + i]; }, weights, radius, filtered + plane);
    filter_any([=](int k, int i) { return u[k * ssim_lanes + i] * u[k * ssim_lanes + i]; }, weights, radius,
               filtered + 2 * plane);
    filter_any([=](int k, int i) { return v[k * ssim_lanes + i] * v[k * ssim_lanes + i]; }, weights, radius,
               filtered + 3 * plane);
  }
}

template <int N>
inline void filter_columns(const float* const* rows, size_t floats, const float* weights, float* moments) {
  const float* from[N + 10];
  FASTPERTURB_UNROLL
  for (int k = 0; k < N + 10; ++k) from[k] = rows[k];
  for (size_t j = 0; j < floats; j += ssim_lanes)
    filter<5, N>([&from, j](int k, int i) { return from[k][j + (size_t)i]; }, weights, moments + j, floats);
}

void ssim_columns(const float* const* rows, int count, int segment, const float* weights, int radius, float* moments) {
  const size_t floats = (size_t)(4 * segment * ssim_lanes);
  if (radius == 5 && count == block_vectors) return filter_columns<block_vectors>(rows, floats, weights, moments);
  for (int r = 0; r < count; ++r, ++rows, moments += floats) {
    if (radius == 5) {
      filter_columns<1>(rows, floats, weights, moments);
      continue;
    }
    for (size_t j = 0; j < floats; j += ssim_lanes)
      filter_any([rows, j](int k, int i) { return rows[k][j + (size_t)i]; }, weights, radius, moments + j);
  }
}

inline float at_least_zero(float value) { return value > 0.0f ? value : 0.0f; }

// SSIM out of the moments of u and v. Rounding may make a variance slightly negative; none is, so SSIM never passes 1.
inline float score_of(float mean_u, float mean_v, float square_u, float square_v, const SsimConstants& constants) {
  const float variance_v = at_least_zero(square_v - mean_v * mean_v);
  const float spread_u = at_least_zero(square_u - mean_u * mean_u) + constants.contrast;
  const float level_u = mean_u + constants.level, level_v = mean_v + constants.shift;
  const float u2 = level_u * level_u + constants.luminance, v2 = level_v * level_v;
  return ((u2 - v2) * (spread_u - variance_v)) / ((u2 + v2) * (spread_u + variance_v));
}

double ssim_score(const float* moments, int count, int segment, const SsimConstants& constants, const float* select,
                  size_t select_pitch, float* map, float* most) {
  const size_t plane = (size_t)(segment * ssim_lanes);
  const SsimConstants k = constants;  // a copy, which no store to map can change
  float sums[ssim_lanes], squares[ssim_lanes];
  for (int i = 0; i < ssim_lanes; ++i) sums[i] = squares[i] = 0.0f;
  for (int r = 0; r < count; ++r, moments += 4 * plane, select += select_pitch) {
    for (size_t j = 0; j < plane; j += ssim_lanes)
      for (size_t i = 0; i < ssim_lanes; ++i) {
        const float* const m = moments + j + i;
        const float score = score_of(m[0], m[plane], m[2 * plane], m[3 * plane], k);
        sums[i] += select[j + i] != 0.0f ? score : 0.0f;
        const float square = select[j + i] != 0.0f ? m[2 * plane] + m[3 * plane] : 0.0f;
        squares[i] = square > squares[i] ? square : squares[i];
      }
    if (map == nullptr) continue;
    for (size_t j = 0; j < plane; ++j)
      map[j] = score_of(moments[j], moments[plane + j], moments[2 * plane + j], moments[3 * plane + j], k);
    map += plane;
  }
  double sum = 0.0;
  *most = 0.0f;
  for (int i = 0; i < ssim_lanes; ++i) {
    sum += (double)sums[i];
    *most = squares[i] > *most ? squares[i] : *most;
  }
  return sum;
}

}  // namespace
}  // namespace fastperturb
