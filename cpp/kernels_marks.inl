// Part of kernels.cpp: the values that are marked, in order.

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

size_t pick_marked(const uint8_t* marks, const uint32_t* values, size_t count, uint32_t* picked) {
  size_t found = 0, i = 0;
#if defined(__AVX512BW__)
  for (; i + 16 <= count; i += 16) {
    const __m128i sixteen = _mm_loadu_si128((const __m128i*)(marks + i));
    const __mmask16 which = _mm_test_epi8_mask(sixteen, sixteen);
    _mm512_storeu_si512(picked + found, _mm512_maskz_compress_epi32(which, load(values + i)));
    found += (size_t)__builtin_popcount(which);
  }
#elif defined(__AVX2__)
  for (; i + 8 <= count; i += 8) {
    const unsigned which = gather_marks(marks + i);
    const __m128i places = _mm_loadl_epi64((const __m128i*)bit_places.places[which]);
    const __m256i chosen = _mm256_permutevar8x32_epi32(load(values + i), _mm256_cvtepu8_epi32(places));
    _mm256_storeu_si256((__m256i*)(picked + found), chosen);
    found += (size_t)__builtin_popcount(which);
  }
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

}  // namespace
}  // namespace fastperturb
