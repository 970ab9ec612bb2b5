// Part of kernels.cpp: the ChaCha20 block function (RFC 8439, section 2.3), many blocks at once, and bounded draws.
// Blocks lie across the lanes of a vector: lane b of word w is word w of block b.

namespace fastperturb {
namespace {

#if defined(__AVX512F__)
constexpr int lanes = 16;
#elif defined(__AVX2__)
constexpr int lanes = 8;
#else
constexpr int lanes = 4;
#endif

// Clang, and GCC from version 12, have both the vectors and their shuffles.
#if defined(__GNUC__) && defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define FASTPERTURB_VECTORS
#endif
#endif

#if defined(FASTPERTURB_VECTORS)
typedef uint32_t Words __attribute__((vector_size(4 * lanes)));
#else
// The same operators for the others.
struct Words {
  uint32_t lane[lanes];
  uint32_t& operator[](int i) { return lane[i]; }
};
inline Words operator+(Words a, const Words& b) {
  for (int i = 0; i < lanes; ++i) a.lane[i] += b.lane[i];
  return a;
}
inline Words operator^(Words a, const Words& b) {
  for (int i = 0; i < lanes; ++i) a.lane[i] ^= b.lane[i];
  return a;
}
inline Words operator|(Words a, const Words& b) {
  for (int i = 0; i < lanes; ++i) a.lane[i] |= b.lane[i];
  return a;
}
inline Words operator<<(Words a, int n) {
  for (int i = 0; i < lanes; ++i) a.lane[i] <<= n;
  return a;
}
inline Words operator>>(Words a, int n) {
  for (int i = 0; i < lanes; ++i) a.lane[i] >>= n;
  return a;
}
#endif

template <int N>
inline Words rotate(Words a) {
  return (a << N) | (a >> (32 - N));
}

#if defined(FASTPERTURB_VECTORS) && defined(__AVX2__) && !defined(__AVX512F__)
// AVX2 has no rotation: by whole bytes one shuffle does what two shifts and an or would.
typedef uint8_t Bytes __attribute__((vector_size(4 * lanes)));
#define FASTPERTURB_EACH_WORD(a, b, c, d)                                                                             \
  a, b, c, d, a + 4, b + 4, c + 4, d + 4, a + 8, b + 8, c + 8, d + 8, a + 12, b + 12, c + 12, d + 12, a + 16, b + 16, \
      c + 16, d + 16, a + 20, b + 20, c + 20, d + 20, a + 24, b + 24, c + 24, d + 24, a + 28, b + 28, c + 28, d + 28
template <>
inline Words rotate<16>(Words a) {
  return (Words)__builtin_shufflevector((Bytes)a, (Bytes)a, FASTPERTURB_EACH_WORD(2, 3, 0, 1));
}
template <>
inline Words rotate<8>(Words a) {
  return (Words)__builtin_shufflevector((Bytes)a, (Bytes)a, FASTPERTURB_EACH_WORD(3, 0, 1, 2));
}
#endif

inline void quarter_round(Words& a, Words& b, Words& c, Words& d) {
  a = a + b, d = rotate<16>(d ^ a);
  c = c + d, b = rotate<12>(b ^ c);
  a = a + b, d = rotate<8>(d ^ a);
  c = c + d, b = rotate<7>(b ^ c);
}

inline Words broadcast(uint32_t value) {
  Words all;
  for (int i = 0; i < lanes; ++i) all[i] = value;
  return all;
}

#if defined(FASTPERTURB_VECTORS)
// The same four places in every 16 bytes of a pair of vectors, as __builtin_shufflevector counts them.
#if defined(__AVX512F__)
#define FASTPERTURB_EACH_QUAD(a, b, c, d) \
  a, b, c, d, a + 4, b + 4, c + 4, d + 4, a + 8, b + 8, c + 8, d + 8, a + 12, b + 12, c + 12, d + 12
#elif defined(__AVX2__)
#define FASTPERTURB_EACH_QUAD(a, b, c, d) a, b, c, d, a + 4, b + 4, c + 4, d + 4
#else
#define FASTPERTURB_EACH_QUAD(a, b, c, d) a, b, c, d
#endif
#define FASTPERTURB_ZIP(a, b, i, j, k, l) __builtin_shufflevector(a, b, FASTPERTURB_EACH_QUAD(i, j, k, l))

// Turns words across lanes into blocks: four words of four blocks are transposed at a time, within 16 bytes.
inline void store_blocks(const Words x[16], uint8_t* out) {
  for (int w = 0; w < 16; w += 4) {
    const Words low01 = FASTPERTURB_ZIP(x[w], x[w + 1], 0, lanes, 1, lanes + 1);
    const Words high01 = FASTPERTURB_ZIP(x[w], x[w + 1], 2, lanes + 2, 3, lanes + 3);
    const Words low23 = FASTPERTURB_ZIP(x[w + 2], x[w + 3], 0, lanes, 1, lanes + 1);
    const Words high23 = FASTPERTURB_ZIP(x[w + 2], x[w + 3], 2, lanes + 2, 3, lanes + 3);
    const Words rows[4] = {FASTPERTURB_ZIP(low01, low23, 0, 1, lanes, lanes + 1),
                           FASTPERTURB_ZIP(low01, low23, 2, 3, lanes + 2, lanes + 3),
                           FASTPERTURB_ZIP(high01, high23, 0, 1, lanes, lanes + 1),
                           FASTPERTURB_ZIP(high01, high23, 2, 3, lanes + 2, lanes + 3)};
    for (int row = 0; row < 4; ++row)
      for (int quad = 0; quad < lanes / 4; ++quad)
        memcpy(out + 64 * (4 * quad + row) + 4 * w, (const uint8_t*)&rows[row] + 16 * quad, 16);
  }
}
#else
inline void store_blocks(const Words x[16], uint8_t* out) {
  for (int i = 0; i < lanes; ++i)
    for (int w = 0; w < 16; ++w) memcpy(out + 64 * i + 4 * w, &x[w].lane[i], 4);
}
#endif

// Twenty rounds over `lanes` blocks whose addresses are given; writes them one after the other.
inline void chacha20_lanes(const uint32_t key[8], const BlockAddress* addresses, uint8_t* out) {
  Words start[16], x[16];
  const uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  for (int w = 0; w < 4; ++w) start[w] = broadcast(constants[w]);
  for (int w = 0; w < 8; ++w) start[4 + w] = broadcast(key[w]);
  for (int i = 0; i < lanes; ++i) {
    start[12][i] = addresses[i].counter;
    for (int w = 0; w < 3; ++w) start[13 + w][i] = addresses[i].nonce[w];
  }
  for (int w = 0; w < 16; ++w) x[w] = start[w];
  for (int round = 0; round < 20; round += 2) {
    quarter_round(x[0], x[4], x[8], x[12]);
    quarter_round(x[1], x[5], x[9], x[13]);
    quarter_round(x[2], x[6], x[10], x[14]);
    quarter_round(x[3], x[7], x[11], x[15]);
    quarter_round(x[0], x[5], x[10], x[15]);
    quarter_round(x[1], x[6], x[11], x[12]);
    quarter_round(x[2], x[7], x[8], x[13]);
    quarter_round(x[3], x[4], x[9], x[14]);
  }
  for (int w = 0; w < 16; ++w) x[w] = x[w] + start[w];
  store_blocks(x, out);
}

void chacha20(const uint32_t key[8], const BlockAddress* addresses, size_t count, uint8_t* out) {
  size_t done = 0;
  for (; done + lanes <= count; done += lanes) chacha20_lanes(key, addresses + done, out + 64 * done);
  if (done < count) {
    BlockAddress rest[lanes];
    uint8_t blocks[64 * lanes];
    for (size_t i = 0; i < lanes; ++i) rest[i] = addresses[done + i < count ? done + i : done];
    chacha20_lanes(key, rest, blocks);
    memcpy(out + 64 * done, blocks, 64 * (count - done));
  }
}

bool draw16(const uint8_t* words, uint32_t bound, size_t count, uint32_t* draws) {
  uint32_t suspect = 0;
  for (size_t i = 0; i < count; ++i) {
    uint16_t word;
    memcpy(&word, words + 2 * i, 2);
    const uint32_t range = bound - (uint32_t)i;
    const uint32_t product = word * range;
    draws[i] = product >> 16 | (uint32_t)((product & 0xffff) < range) << 31;
    suspect |= draws[i];
  }
  return suspect >> 31 != 0;
}

bool draw32(const uint8_t* words, uint32_t bound, size_t count, uint32_t* draws) {
  uint32_t suspect = 0;
  for (size_t i = 0; i < count; ++i) {
    uint32_t word;
    memcpy(&word, words + 4 * i, 4);
    const uint32_t range = bound - (uint32_t)i;
    const uint64_t product = (uint64_t)word * range;
    draws[i] = (uint32_t)(product >> 32) | (uint32_t)((uint32_t)product < range) << 31;
    suspect |= draws[i];
  }
  return suspect >> 31 != 0;
}

}  // namespace
}  // namespace fastperturb
