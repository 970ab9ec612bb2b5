// Part of kernels.cpp: the values that are marked, and the colours whose tint lies within bounds, in order.

namespace fastperturb {
namespace {

#if defined(__SSE2__) && !defined(__AVX512BW__)
// Eight marks, each 0 or 1, as the bits of a number.
inline unsigned gather_marks(const uint8_t* marks) {
  const __m128i eight = _mm_loadl_epi64((const __m128i*)marks);
  return (unsigned)_mm_movemask_epi8(_mm_cmpgt_epi8(eight, _mm_setzero_si128()));
}
#endif

#if defined(__AVX2__) && !defined(__AVX512BW__)
// Where the set bits of each byte are, lowest first.
struct BitPlaces {
  uint8_t places[256][8];
  constexpr BitPlaces() : places() {
    for (int byte = 0; byte < 256; ++byte)
      for (int bit = 0, count = 0; bit < 8; ++bit)
        if ((byte >> bit & 1) != 0) places[byte][count++] = (uint8_t)bit;
  }
};
constexpr BitPlaces bit_places;
#endif

#if defined(__AVX512BW__)
// Writes those of sixteen values that are named, then others; says how many.
inline size_t pick_sixteen(__m512i values, __mmask16 which, uint32_t* picked) {
  _mm512_storeu_si512(picked, _mm512_maskz_compress_epi32(which, values));
  return (size_t)__builtin_popcount(which);
}
#elif defined(__AVX2__)
// Writes those of eight values that are named, then others; says how many.
inline size_t pick_eight(__m256i values, unsigned which, uint32_t* picked) {
  const __m128i places = _mm_loadl_epi64((const __m128i*)bit_places.places[which]);
  const __m256i chosen = _mm256_permutevar8x32_epi32(values, _mm256_cvtepu8_epi32(places));
  _mm256_storeu_si256((__m256i*)picked, chosen);
  return (size_t)__builtin_popcount(which);
}
#endif

size_t pick_marked(const uint8_t* marks, const uint32_t* values, size_t count, uint32_t* picked) {
  size_t found = 0, i = 0;
#if defined(__AVX512BW__)
  for (; i + 16 <= count; i += 16) {
    const __m128i sixteen = _mm_loadu_si128((const __m128i*)(marks + i));
    const __mmask16 which = _mm_test_epi8_mask(sixteen, sixteen);
    found += pick_sixteen(load(values + i), which, picked + found);
  }
#elif defined(__AVX2__)
  for (; i + 8 <= count; i += 8) found += pick_eight(load(values + i), gather_marks(marks + i), picked + found);
#elif defined(__SSE2__)
  for (; i + 8 <= count; i += 8)
    for (unsigned which = gather_marks(marks + i); which != 0; which &= which - 1)
      picked[found++] = values[i + (size_t)__builtin_ctz(which)];
#endif
  for (; i < count; ++i) {
    picked[found] = values[i];
    found += marks[i];
  }
  return found;
}

// Red - blue + 255 of an item of rank_colours.hpp.
inline uint32_t tint_of(uint32_t item) { return (item >> 8 & 255) + (item & 255); }

void tint_range(const uint32_t* items, size_t count, uint32_t* least, uint32_t* most) {
  uint32_t low = 510, high = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t tint = tint_of(items[i]);
    low = tint < low ? tint : low;
    high = tint > high ? tint : high;
  }
  *least = low, *most = high;
}

#if defined(__AVX512BW__)
inline __m512i tints_of(__m512i items) {
  const __m512i byte = _mm512_set1_epi32(255);
  return _mm512_add_epi32(_mm512_and_si512(_mm512_srli_epi32(items, 8), byte), _mm512_and_si512(items, byte));
}
#elif defined(__AVX2__)
inline __m256i tints_of(__m256i items) {
  const __m256i byte = _mm256_set1_epi32(255);
  return _mm256_add_epi32(_mm256_and_si256(_mm256_srli_epi32(items, 8), byte), _mm256_and_si256(items, byte));
}

// The lanes that hold -1 as the bits of a number.
inline unsigned lanes_set(__m256i lanes) { return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(lanes)); }
#endif

size_t pick_tinted(const uint32_t* items, size_t count, int32_t least, int32_t most, uint32_t* picked) {
  size_t found = 0, i = 0;
#if defined(__AVX512BW__)
  const __m512i low = _mm512_set1_epi32(least), high = _mm512_set1_epi32(most);
  for (; i + 16 <= count; i += 16) {
    const __m512i values = load(items + i), tints = tints_of(values);
    const __mmask16 which = _mm512_mask_cmple_epi32_mask(_mm512_cmpge_epi32_mask(tints, low), tints, high);
    found += pick_sixteen(values, which, picked + found);
  }
#elif defined(__AVX2__)
  const __m256i low = _mm256_set1_epi32(least), high = _mm256_set1_epi32(most);
  for (; i + 8 <= count; i += 8) {
    const __m256i values = load(items + i), tints = tints_of(values);
    const __m256i outside = _mm256_or_si256(_mm256_cmpgt_epi32(low, tints), _mm256_cmpgt_epi32(tints, high));
    found += pick_eight(values, lanes_set(outside) ^ 255, picked + found);
  }
#endif
  for (; i < count; ++i) {
    const int32_t tint = (int32_t)tint_of(items[i]);
    picked[found] = items[i];
    found += tint >= least && tint <= most;
  }
  return found;
}

size_t find_tinted(const uint32_t* items, size_t count, uint32_t tint, size_t before) {
  size_t i = 0;
#if defined(__AVX512BW__)
  const __m512i same = _mm512_set1_epi32((int32_t)tint);
  for (; i + 16 <= count; i += 16) {
    const __mmask16 which = _mm512_cmpeq_epi32_mask(tints_of(load(items + i)), same);
    const size_t here = (size_t)__builtin_popcount(which);
    if (here > before) break;
    before -= here;
  }
#elif defined(__AVX2__)
  const __m256i same = _mm256_set1_epi32((int32_t)tint);
  for (; i + 8 <= count; i += 8) {
    const unsigned which = lanes_set(_mm256_cmpeq_epi32(tints_of(load(items + i)), same));
    const size_t here = (size_t)__builtin_popcount(which);
    if (here > before) break;
    before -= here;
  }
#endif
  for (; i < count; ++i)
    if (tint_of(items[i]) == tint && before-- == 0) return i;
  return count;
}

}  // namespace
}  // namespace fastperturb
