// Part of kernels.cpp: SSIM of 8-bit images under a uniform window of up to 11 x 11, in whole numbers: running sums
// down the columns and along the row, and the score out of them, in one pass. Nothing is rounded before the score.
namespace fastperturb {
namespace {

constexpr int box_vector = 2 * ssim_lanes;  // bytes of a sample's vector: (a, b) in 16 lanes
constexpr int box_column = 3 * ssim_lanes;  // ints of a position's column sums

#if defined(__SSE2__) || (defined(__ARM_NEON) && defined(__aarch64__) && defined(__GNUC__))
#if defined(__AVX2__)
using Sixteens = __m256i;
inline Sixteens two_sixteens(const uint8_t* from, ptrdiff_t step) {  // of two lanes that lie eight lanes apart
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i*)from)),
                                 _mm_loadu_si128((const __m128i*)(from + 8 * step)), 1);
}
#define FASTPERTURB_UNPACK(half, bits, x, y) _mm256_unpack##half##_epi##bits(x, y)
#elif defined(__SSE2__)
using Sixteens = __m128i;
inline Sixteens two_sixteens(const uint8_t* from, ptrdiff_t) { return _mm_loadu_si128((const __m128i*)from); }
#define FASTPERTURB_UNPACK(half, bits, x, y) _mm_unpack##half##_epi##bits(x, y)
#else
using Sixteens = uint8x16_t;
inline Sixteens two_sixteens(const uint8_t* from, ptrdiff_t) { return vld1q_u8(from); }
#define FASTPERTURB_UNPACK(half, bits, x, y) zip_##half##_##bits(x, y)
inline Sixteens zip_lo_8(Sixteens x, Sixteens y) { return vzip1q_u8(x, y); }
inline Sixteens zip_hi_8(Sixteens x, Sixteens y) { return vzip2q_u8(x, y); }
inline Sixteens zip_lo_16(Sixteens x, Sixteens y) { return (Sixteens)vzip1q_u16((uint16x8_t)x, (uint16x8_t)y); }
inline Sixteens zip_hi_16(Sixteens x, Sixteens y) { return (Sixteens)vzip2q_u16((uint16x8_t)x, (uint16x8_t)y); }
inline Sixteens zip_lo_32(Sixteens x, Sixteens y) { return (Sixteens)vzip1q_u32((uint32x4_t)x, (uint32x4_t)y); }
inline Sixteens zip_hi_32(Sixteens x, Sixteens y) { return (Sixteens)vzip2q_u32((uint32x4_t)x, (uint32x4_t)y); }
inline Sixteens zip_lo_64(Sixteens x, Sixteens y) { return (Sixteens)vzip1q_u64((uint64x2_t)x, (uint64x2_t)y); }
inline Sixteens zip_hi_64(Sixteens x, Sixteens y) { return (Sixteens)vzip2q_u64((uint64x2_t)x, (uint64x2_t)y); }
#endif

// Eight lanes' (a, b) of eight samples each, turned into eight samples' vectors of eight lanes each.
inline void turn_pairs(const Sixteens* rows, uint8_t* pairs) {
  Sixteens twos[8], fours[8];
  for (int i = 0; i < 4; ++i) {
    twos[2 * i] = FASTPERTURB_UNPACK(lo, 16, rows[2 * i], rows[2 * i + 1]);
    twos[2 * i + 1] = FASTPERTURB_UNPACK(hi, 16, rows[2 * i], rows[2 * i + 1]);
  }
  for (int i = 0; i < 8; i += 4)
    for (int k = 0; k < 2; ++k) {
      fours[i + 2 * k] = FASTPERTURB_UNPACK(lo, 32, twos[i + k], twos[i + k + 2]);
      fours[i + 2 * k + 1] = FASTPERTURB_UNPACK(hi, 32, twos[i + k], twos[i + k + 2]);
    }
  for (int k = 0; k < 4; ++k) {
    const Sixteens low = FASTPERTURB_UNPACK(lo, 64, fours[k], fours[k + 4]);
    const Sixteens high = FASTPERTURB_UNPACK(hi, 64, fours[k], fours[k + 4]);
    memcpy(pairs + 2 * k * box_vector, &low, sizeof(low));
    memcpy(pairs + (2 * k + 1) * box_vector, &high, sizeof(high));
  }
}

void box_spread(const uint8_t* a, const uint8_t* b, ptrdiff_t step, int samples, uint8_t* pairs) {
  for (int s = 0; s < samples; s += 16, a += 16, b += 16, pairs += 16 * box_vector)
    for (int lane = 0; lane < ssim_lanes; lane += (int)sizeof(Sixteens) / 2) {
      Sixteens low[8], high[8];
      for (int i = 0; i < 8; ++i) {
        const Sixteens x = two_sixteens(a + (lane + i) * step, step), y = two_sixteens(b + (lane + i) * step, step);
        low[i] = FASTPERTURB_UNPACK(lo, 8, x, y);
        high[i] = FASTPERTURB_UNPACK(hi, 8, x, y);
      }
      turn_pairs(low, pairs + 2 * lane);
      turn_pairs(high, pairs + 2 * lane + 8 * box_vector);
    }
}
#else
void box_spread(const uint8_t* a, const uint8_t* b, ptrdiff_t step, int samples, uint8_t* pairs) {
  for (int s = 0; s < samples; ++s)
    for (int lane = 0; lane < ssim_lanes; ++lane, pairs += 2) {
      pairs[0] = a[lane * step + s];
      pairs[1] = b[lane * step + s];
    }
}
#endif

// The sums of a column, or of a window: of a and b in the halves of a word, of a^2 + b^2, and of 2 a b.
struct BoxSums {
  Halves means;
  Ints squares, products;
};

// Moves a position's column sums on by a row. The difference of two rows' squares is the product of their difference
// and their sum.
inline BoxSums slide_column(const uint8_t* in, const uint8_t* out, int32_t* column) {
  const Halves enters = widened(in), leaves = widened(out);
  const Halves difference = enters - leaves, sum = enters + leaves;
  const BoxSums sums{fetch<Halves>(column) + difference, fetch<Ints>(column + ssim_lanes) + dot(difference, sum),
                     fetch<Ints>(column + 2 * ssim_lanes) + dot(difference, swapped(sum))};
  put(column, sums.means);
  put(column + ssim_lanes, sums.squares);
  put(column + 2 * ssim_lanes, sums.products);
  return sums;
}

// SSIM out of a window's sums: exact until they become float, 1 if a and b have the same sums.
inline Reals box_score(const BoxSums& window, const BoxConstants& k) {
  const Ints squared_means = dot(window.means, window.means), both_means = dot(window.means, swapped(window.means));
  const Ints variances = k.pixels * window.squares - squared_means,
             covariances = k.pixels * window.products - both_means;
  const Reals top = (reals_of(both_means) + k.luminance) * (reals_of(covariances) + k.contrast);
  return top / ((reals_of(squared_means) + k.luminance) * (reals_of(variances) + k.contrast));
}

template <bool keeps>
inline void box_lanes(const BoxRow& row, int lane, int32_t* columns, const BoxConstants& k, const float* select,
                      float* map, float* sums) {
  const uint8_t *in = row.in + 2 * lane, *out = row.out + 2 * lane;
  const ptrdiff_t width = (2 * row.radius + 1) * box_column;
  BoxSums window{};
  Reals total = fetch<Reals>(sums + lane);
  columns += lane;
  for (int p = 0; p < 2 * row.radius; ++p, in += row.step, out += row.step, columns += box_column) {
    const BoxSums column = slide_column(in, out, columns);
    window = {window.means + column.means, window.squares + column.squares, window.products + column.products};
  }
  select += lane;
  for (int p = 0; p < row.segment; ++p, in += row.step, out += row.step, columns += box_column, select += ssim_lanes) {
    const BoxSums column = slide_column(in, out, columns);
    const int32_t* gone = columns - width;
    window.means = window.means + (column.means - fetch<Halves>(gone));
    window.squares = window.squares + (column.squares - fetch<Ints>(gone + ssim_lanes));
    window.products = window.products + (column.products - fetch<Ints>(gone + 2 * ssim_lanes));
    const Reals score = box_score(window, k);
    total = total + score * fetch<Reals>(select);
    if (keeps) put(map + p * ssim_lanes + lane, score);
  }
  put(sums + lane, total);
}

void box_enter(const BoxRow& row, int32_t* columns) {
  for (int lane = 0; lane < ssim_lanes; lane += int_lanes)
    for (int p = 0; p < row.segment + 2 * row.radius; ++p)
      slide_column(row.in + 2 * lane + p * row.step, row.out + 2 * lane + p * row.step,
                   columns + p * box_column + lane);
}

void box_row(const BoxRow& row, const BoxConstants& constants, int32_t* columns, const float* select, float* map,
             float* sums) {
  const BoxConstants k = constants;
  for (int lane = 0; lane < ssim_lanes; lane += int_lanes) {
    if (map == nullptr)
      box_lanes<false>(row, lane, columns, k, select, map, sums);
    else
      box_lanes<true>(row, lane, columns, k, select, map, sums);
  }
}

}  // namespace
}  // namespace fastperturb
