// Addressing of the keystream, and the rejection step of the bounded draws.
#include "keystream.hpp"

#include <algorithm>
#include <cstring>

namespace fastperturb {
namespace {

constexpr std::uint32_t refill_blocks = 128;

std::uint32_t load_word(const std::uint8_t* from, std::uint32_t word_bytes) {
  std::uint16_t narrow;
  std::uint32_t wide;
  if (word_bytes == 2) return std::memcpy(&narrow, from, 2), narrow;
  return std::memcpy(&wide, from, 4), wide;
}

}  // namespace

BlockAddress block_address(std::uint32_t region, std::uint32_t window, std::uint32_t counter) {
  return {counter, {window, region, 0}};
}

WindowDraws::WindowDraws(const Kernels& kernels)
    : kernels_(&kernels),
      buffer_(unwritten<std::uint8_t>(refill_blocks * block_bytes)),
      addresses_(unwritten<BlockAddress>(refill_blocks)) {}

std::uint32_t WindowDraws::blocks(std::uint32_t pixels, std::uint32_t count) {
  const bool narrow = pixels <= max_narrow_pixels;
  // A draw is rejected with a chance of about pixels / 2^17 on average when words have 16 bits.
  const std::uint32_t spare = narrow ? static_cast<std::uint32_t>(std::uint64_t{count} * pixels >> 17) : 0;
  const std::uint64_t bytes = (std::uint64_t{count} + spare) * (narrow ? 2 : 4);
  return static_cast<std::uint32_t>((bytes + block_bytes - 1) / block_bytes);
}

void WindowDraws::start(const Key& key, std::uint32_t region, std::uint32_t window, std::uint32_t pixels,
                        std::uint32_t count, const std::uint8_t* ahead, std::uint32_t made) {
  key_ = &key;
  region_ = region;
  window_ = window;
  pixels_ = pixels;
  word_bytes_ = pixels <= max_narrow_pixels ? 2 : 4;
  next_spare_ = count;
  made_ = ahead;
  made_from_ = 0;
  made_to_ = std::uint64_t{made} * block_bytes;
  spare_block_ = 0;
}

const std::uint8_t* WindowDraws::words(std::uint64_t first) {
  const std::uint64_t byte = first * word_bytes_;
  if (byte + draws_at_once * word_bytes_ > made_to_ && (made_ == buffer_.get() || made_to_ == 0)) {
    const auto block = static_cast<std::uint32_t>(byte / block_bytes);
    for (std::uint32_t i = 0; i < refill_blocks; ++i) addresses_[i] = block_address(region_, window_, block + i);
    kernels_->chacha20(key_->words, addresses_.get(), refill_blocks, buffer_.get());
    made_ = buffer_.get();
    made_from_ = byte / block_bytes * block_bytes;
    made_to_ = made_from_ + refill_blocks * block_bytes;
  }
  return made_ + (byte - made_from_);
}

std::uint32_t WindowDraws::spare_word() {
  const std::uint64_t byte = next_spare_++ * word_bytes_;
  if (byte >= made_from_ && byte + word_bytes_ <= made_to_) return load_word(made_ + (byte - made_from_), word_bytes_);
  const std::uint64_t block = byte / block_bytes;
  if (spare_block_ != block + 1) {
    const BlockAddress address = block_address(region_, window_, static_cast<std::uint32_t>(block));
    kernels_->chacha20(key_->words, &address, 1, spare_);
    spare_block_ = block + 1;
  }
  return load_word(spare_ + byte % block_bytes, word_bytes_);
}

void WindowDraws::settle(std::uint32_t first, std::uint32_t n, const std::uint8_t* from, std::uint32_t* out) {
  const std::uint32_t bits = 8 * word_bytes_;
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  for (std::uint32_t i = 0; i < n; ++i) {
    if (out[i] >> 31 == 0) continue;
    const std::uint64_t range = pixels_ - first - i;
    const std::uint64_t biased = (mask + 1) % range;
    std::uint64_t product = load_word(from + i * word_bytes_, word_bytes_) * range;
    while ((product & mask) < biased) product = spare_word() * range;
    out[i] = static_cast<std::uint32_t>(product >> bits);
  }
}

void WindowDraws::draw(std::uint32_t first, std::uint32_t n, std::uint32_t* out) {
  const std::uint8_t* from = words(first);
  const auto kernel = word_bytes_ == 2 ? kernels_->draw16 : kernels_->draw32;
  if (kernel(from, pixels_ - first, n, out)) settle(first, n, from, out);
}

}  // namespace fastperturb
