// Part of kernels.cpp: the widest integer register of the build, for the loops that compilers do not make fast enough
// from plain C. FASTPERTURB_SIMD(name) is the intrinsic of that width; without SSE2 (or with MSVC) there is none.
#if defined(__SSE2__)
#if defined(__clang__)
#include <immintrin.h>
#else
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC bug 105593: its AVX-512 header warns of itself
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

namespace fastperturb {
namespace {

#if defined(__AVX512BW__)
using Register = __m512i;
#define FASTPERTURB_SIMD(operation) _mm512_##operation
inline Register load(const void* from) { return _mm512_loadu_si512(from); }
#elif defined(__AVX2__)
using Register = __m256i;
#define FASTPERTURB_SIMD(operation) _mm256_##operation
inline Register load(const void* from) { return _mm256_loadu_si256((const __m256i*)from); }
#else
using Register = __m128i;
#define FASTPERTURB_SIMD(operation) _mm_##operation
inline Register load(const void* from) { return _mm_loadu_si128((const __m128i*)from); }
#endif

// Sixteen bytes from each of `from`, from + step, ... one after the other.
inline Register load_sixteens(const uint8_t* from, ptrdiff_t step) {
  const auto sixteen = [=](int i) { return _mm_loadu_si128((const __m128i*)(from + i * step)); };
#if defined(__AVX512BW__)
  const __m512i first = _mm512_inserti32x4(_mm512_castsi128_si512(sixteen(0)), sixteen(1), 1);
  return _mm512_inserti32x4(_mm512_inserti32x4(first, sixteen(2), 2), sixteen(3), 3);
#elif defined(__AVX2__)
  return _mm256_inserti128_si256(_mm256_castsi128_si256(sixteen(0)), sixteen(1), 1);
#else
  return sixteen(0);
#endif
}

}  // namespace
}  // namespace fastperturb
#endif
