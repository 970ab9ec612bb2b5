// Zeros at the ends of whole numbers, by the processor's own instructions.
#pragma once

#include <cstdint>
#if defined(_MSC_VER)
#include <intrin.h>
#endif

namespace fastperturb {

// How many zero bits stand below the lowest one. `value` is not zero.
inline int trailing_zeros(std::uint64_t value) {
#if defined(_MSC_VER)
  unsigned long place;
  _BitScanForward64(&place, value);
  return static_cast<int>(place);
#else
  return __builtin_ctzll(value);
#endif
}

// How many zero bits stand above the highest one. `value` is not zero.
inline int leading_zeros(std::uint32_t value) {
#if defined(_MSC_VER)
  unsigned long place;
  _BitScanReverse(&place, value);
  return 31 - static_cast<int>(place);
#else
  return __builtin_clz(value);
#endif
}

}  // namespace fastperturb
