// Part of kernels.cpp: the small vector header. Ints (32-bit integers), Halves (16-bit) and Reals (float) are one
// register of the build seen in three ways, with the operators of C; the few names below are all that a kernel needs
// besides. x86, Arm (NEON), other processors of GCC and Clang, and plain arrays for any other compiler.
#if defined(__ARM_NEON) && defined(__GNUC__)
#include <arm_neon.h>
#endif

namespace fastperturb {
namespace {

#if defined(__GNUC__) && !defined(FASTPERTURB_PLAIN_VECTORS)
#if defined(__SSE2__)
constexpr int int_lanes = sizeof(Register) / 4;
#else
constexpr int int_lanes = 4;
#endif
typedef int32_t Ints __attribute__((vector_size(4 * int_lanes)));
typedef int16_t Halves __attribute__((vector_size(4 * int_lanes)));
typedef float Reals __attribute__((vector_size(4 * int_lanes)));

inline Halves halves_of(Ints ints) { return (Halves)ints; }
inline Ints ints_of(Halves halves) { return (Ints)halves; }
inline Reals reals_of(Ints ints) { return __builtin_convertvector(ints, Reals); }
#else
constexpr int int_lanes = 4;

// An array with the operators of a vector.
template <typename T, int N>
struct Lanes {
  T lane[N];
  template <typename Act>
  static Lanes each(const Lanes& a, const Lanes& b, const Act& act) {
    Lanes result;
    for (int i = 0; i < N; ++i) result.lane[i] = (T)act(a.lane[i], b.lane[i]);
    return result;
  }
  static Lanes all(T value) {
    Lanes result;
    for (T& one : result.lane) one = value;
    return result;
  }
  friend Lanes operator+(const Lanes& a, const Lanes& b) {
    return each(a, b, [](T x, T y) { return x + y; });
  }
  friend Lanes operator-(const Lanes& a, const Lanes& b) {
    return each(a, b, [](T x, T y) { return x - y; });
  }
  friend Lanes operator*(const Lanes& a, const Lanes& b) {
    return each(a, b, [](T x, T y) { return x * y; });
  }
  friend Lanes operator/(const Lanes& a, const Lanes& b) {
    return each(a, b, [](T x, T y) { return x / y; });
  }
  friend Lanes operator+(const Lanes& a, T b) { return a + all(b); }
  friend Lanes operator*(T a, const Lanes& b) { return all(a) * b; }
};
using Ints = Lanes<int32_t, int_lanes>;
using Halves = Lanes<int16_t, 2 * int_lanes>;
using Reals = Lanes<float, int_lanes>;

inline Halves halves_of(Ints ints) {
  Halves halves;
  memcpy(&halves, &ints, sizeof(halves));
  return halves;
}
inline Ints ints_of(Halves halves) {
  Ints ints;
  memcpy(&ints, &halves, sizeof(ints));
  return ints;
}
inline Reals reals_of(Ints ints) {
  Reals reals;
  for (int i = 0; i < int_lanes; ++i) reals.lane[i] = (float)ints.lane[i];
  return reals;
}
#endif

// At any alignment.
template <typename Vector>
inline Vector fetch(const void* from) {
  Vector vector;
  memcpy(&vector, from, sizeof(vector));
  return vector;
}
template <typename Vector>
inline void put(void* to, Vector vector) {
  memcpy(to, &vector, sizeof(vector));
}

#if defined(__SSE2__) && !defined(FASTPERTURB_PLAIN_VECTORS)
// As many bytes as there are halves, as halves.
inline Halves widened(const uint8_t* from) {
#if defined(__AVX512BW__)
  return (Halves)_mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i*)from));
#elif defined(__AVX2__)
  return (Halves)_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i*)from));
#else
  return (Halves)_mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i*)from), __m128i{});
#endif
}
// In every word: the product of the low halves and that of the high halves, added.
inline Ints dot(Halves a, Halves b) { return (Ints)FASTPERTURB_SIMD(madd_epi16)((Register)a, (Register)b); }
// In every word: its halves the other way round.
inline Halves swapped(Halves halves) {
#if defined(__AVX512BW__)
  return (Halves)_mm512_rol_epi32((Register)halves, 16);
#elif defined(__AVX2__)
  const Register order =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
  return (Halves)_mm256_shuffle_epi8((Register)halves, order);
#else
  return (Halves)_mm_shufflehi_epi16(_mm_shufflelo_epi16((Register)halves, 0xb1), 0xb1);
#endif
}
#elif defined(__ARM_NEON) && defined(__aarch64__) && defined(__GNUC__) && !defined(FASTPERTURB_PLAIN_VECTORS)
inline Halves widened(const uint8_t* from) { return (Halves)vmovl_u8(vld1_u8(from)); }
inline Ints dot(Halves a, Halves b) {
  const int16x8_t x = (int16x8_t)a, y = (int16x8_t)b;
  return (Ints)vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(y)), vmull_high_s16(x, y));
}
inline Halves swapped(Halves halves) { return (Halves)vrev32q_s16((int16x8_t)halves); }
#else
inline Halves widened(const uint8_t* from) {
  int16_t wide[2 * int_lanes];
  for (int i = 0; i < 2 * int_lanes; ++i) wide[i] = from[i];
  return fetch<Halves>(wide);
}
inline Ints dot(Halves a, Halves b) {
  int16_t x[2 * int_lanes], y[2 * int_lanes];
  int32_t sums[int_lanes];
  put(x, a);
  put(y, b);
  for (int i = 0; i < int_lanes; ++i) sums[i] = x[2 * i] * y[2 * i] + x[2 * i + 1] * y[2 * i + 1];
  return fetch<Ints>(sums);
}
inline Halves swapped(Halves halves) {
  int16_t x[2 * int_lanes];
  put(x, halves);
  for (int i = 0; i < 2 * int_lanes; i += 2) {
    const int16_t low = x[i];
    x[i] = x[i + 1];
    x[i + 1] = low;
  }
  return fetch<Halves>(x);
}
#endif

}  // namespace
}  // namespace fastperturb
