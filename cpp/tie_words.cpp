// The blocks of the ties' keystream.
#include "tie_words.hpp"

#include "dispatch.hpp"

namespace fastperturb {

void TieWords::refill() {
  for (BlockAddress& address : addresses_) address = {block_++, {0, 0, 1}};
  kernels().chacha20(key_.words, addresses_, blocks_at_once, reinterpret_cast<std::uint8_t*>(words_));
  used_ = 0;
}

}  // namespace fastperturb
