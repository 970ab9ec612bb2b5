// Part of kernels.cpp: sums of squared differences. Integers are exact: 32-bit lanes are emptied into 64 bits before
// they can overflow. Plain loops reach a third of these intrinsics in cache (GCC 12), so x86 has its own, in one text
// for three widths of register, and Arm one for bytes; everything else takes the plain loops.
namespace fastperturb {
namespace {

#if defined(__SSE2__)
typedef uint32_t Sums __attribute__((vector_size(sizeof(Register))));

inline void prefetch(const void* from) { _mm_prefetch((const char*)from + 4096, _MM_HINT_T0); }

// Images this long leave the second cache. What is in it is faster without being asked for.
inline bool comes_from_far(size_t bytes) { return bytes >= (size_t)1 << 19; }

inline uint64_t total(Sums sums) {
  uint64_t sum = 0;
  for (size_t i = 0; i < sizeof(Sums) / 4; ++i) sum += sums[i];
  return sum;
}

// How many samples to do one by one so that the rest of `a`, and usually of b, starts with a line of the cache: a load
// over two lines costs twice. Not worth it for short runs.
template <typename T>
inline size_t unaligned_samples(const T* a, size_t n) {
  return n < 65536 ? 0 : (0 - (uintptr_t)a) % 64 / sizeof(T);
}

// Squares of differences of 8-bit samples, four of them added in each 32-bit lane.
inline Sums squares_u8(const uint8_t* a, const uint8_t* b) {
  const Register x = load(a), y = load(b);
#if defined(__SSSE3__)  // a * 1 + b * -1 of neighbouring bytes is one instruction
  const Register signs = FASTPERTURB_SIMD(set1_epi16)((short)0xff01);
  const Register low = FASTPERTURB_SIMD(maddubs_epi16)(FASTPERTURB_SIMD(unpacklo_epi8)(x, y), signs);
  const Register high = FASTPERTURB_SIMD(maddubs_epi16)(FASTPERTURB_SIMD(unpackhi_epi8)(x, y), signs);
#else
  const Register zero = {};
  const Register difference = FASTPERTURB_SIMD(subs_epu8)(x, y) | FASTPERTURB_SIMD(subs_epu8)(y, x);
  const Register low = FASTPERTURB_SIMD(unpacklo_epi8)(difference, zero);
  const Register high = FASTPERTURB_SIMD(unpackhi_epi8)(difference, zero);
#endif
  return (Sums)FASTPERTURB_SIMD(madd_epi16)(low, low) + (Sums)FASTPERTURB_SIMD(madd_epi16)(high, high);
}

// Adds squares of differences of 16-bit samples: their low and high halves apart, two of either to a 32-bit lane.
inline void add_squares_u16(const uint16_t* a, const uint16_t* b, Sums& low_sums, Sums& high_sums) {
  const Register x = load(a), y = load(b);
  const Register difference = FASTPERTURB_SIMD(subs_epu16)(x, y) | FASTPERTURB_SIMD(subs_epu16)(y, x);
  const Sums low = (Sums)FASTPERTURB_SIMD(mullo_epi16)(difference, difference);
  const Sums high = (Sums)FASTPERTURB_SIMD(mulhi_epu16)(difference, difference);
  low_sums += (low & 0xffff) + (low >> 16);
  high_sums += (high & 0xffff) + (high >> 16);
}
#endif

uint64_t squared_error_u8(const uint8_t* a, const uint8_t* b, size_t n) {
  uint64_t sum = 0;
  size_t i = 0;
  const auto add_one = [&] {
    const int32_t difference = (int32_t)a[i] - (int32_t)b[i];
    sum += (uint64_t)(difference * difference);
  };
#if defined(__SSE2__)
  for (const size_t head = unaligned_samples(a, n); i < head; ++i) add_one();
  const bool far = comes_from_far(n);
  constexpr size_t width = sizeof(Register), rounds = 8192;  // 8192 * 4 * 255^2 < 2^32
  while (n - i >= width) {
    const size_t end = n - i < rounds * 2 * width ? n : i + rounds * 2 * width;
    Sums sums0 = {}, sums1 = {};
    for (; end - i >= 2 * width; i += 2 * width) {
      if (far) {
        prefetch(a + i);
        prefetch(b + i);
      }
      sums0 += squares_u8(a + i, b + i);
      sums1 += squares_u8(a + i + width, b + i + width);
    }
    if (end - i >= width) {
      sums0 += squares_u8(a + i, b + i);
      i += width;
    }
    sum += total(sums0) + total(sums1);
  }
#elif defined(__ARM_NEON) && defined(__aarch64__) && defined(__GNUC__)
  constexpr size_t width = 16, rounds = 32768;  // 32768 * 2 * 255^2 < 2^32
  while (n - i >= width) {
    const size_t end = n - i < rounds * width ? n : i + rounds * width;
    uint32x4_t low = vdupq_n_u32(0), high = vdupq_n_u32(0);
    for (; end - i >= width; i += width) {
      const uint8x16_t difference = vabdq_u8(vld1q_u8(a + i), vld1q_u8(b + i));
      low = vpadalq_u16(low, vmull_u8(vget_low_u8(difference), vget_low_u8(difference)));
      high = vpadalq_u16(high, vmull_high_u8(difference, difference));
    }
    sum += vaddlvq_u32(low) + vaddlvq_u32(high);
  }
#endif
  for (; i < n; ++i) add_one();
  return sum;
}

uint64_t squared_error_u16(const uint16_t* a, const uint16_t* b, size_t n) {
  uint64_t sum = 0;
  size_t i = 0;
  const auto add_one = [&] {
    const int64_t difference = (int64_t)a[i] - (int64_t)b[i];
    sum += (uint64_t)(difference * difference);
  };
#if defined(__SSE2__)
  for (const size_t head = unaligned_samples(a, n); i < head; ++i) add_one();
  constexpr size_t width = sizeof(Register) / 2, rounds = 16384;  // 16384 * 2 * 65535 < 2^32
  while (n - i >= width) {
    const size_t end = n - i < rounds * width ? n : i + rounds * width;
    Sums low_sums = {}, high_sums = {};
    for (; end - i >= width; i += width) {
      prefetch(a + i);
      prefetch(b + i);
      add_squares_u16(a + i, b + i, low_sums, high_sums);
    }
    sum += total(low_sums) + (total(high_sums) << 16);
  }
#endif
  for (; i < n; ++i) add_one();
  return sum;
}

template <typename T>
double squared_error_floating(const T* a, const T* b, size_t n) {
  double sums[16] = {0.0};
  size_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (size_t k = 0; k < 16; ++k) {
      const double difference = (double)a[i + k] - (double)b[i + k];
      sums[k] += difference * difference;
    }
  for (size_t k = 0; i < n; ++i, ++k) {
    const double difference = (double)a[i] - (double)b[i];
    sums[k] += difference * difference;
  }
  double sum = 0.0;
  for (const double part : sums) sum += part;
  return sum;
}

}  // namespace
}  // namespace fastperturb
