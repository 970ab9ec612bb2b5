// Random words for one window: its own part of the ChaCha20 keystream, and unbiased bounded draws from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "kernels.hpp"

namespace fastperturb {

constexpr std::size_t block_bytes = 64;
// Windows of at most this many owned pixels draw from 16-bit words, larger ones from 32-bit words (docs/format.md).
constexpr std::uint32_t max_narrow_pixels = 4096;
// How many draws are made at once: whole blocks at either word width.
constexpr std::uint32_t draws_at_once = 128;

// Memory that is written before it is read; a vector would fill it with zeros first.
template <typename T>
using Buffer = std::unique_ptr<T[]>;
template <typename T>
Buffer<T> unwritten(std::size_t count) {
  return Buffer<T>(new T[count]);
}

struct Key {
  std::uint32_t words[8];
};

BlockAddress block_address(std::uint32_t region, std::uint32_t window, std::uint32_t counter);

// The draws r[i], uniform on [0, pixels - i), of a window with `pixels` owned pixels of which `count` are drawn: draw i
// tries word i of the window's keystream; rejected draws take word count, count + 1, ... in turn.
class WindowDraws {
 public:
  explicit WindowDraws(const Kernels& kernels);

  // How many blocks it is worth to make ahead for a window (room for the expected rejections included).
  static std::uint32_t blocks(std::uint32_t pixels, std::uint32_t count);

  // Starts a window whose first `made` blocks the caller has already made at `ahead` (may be none). The key must
  // outlive the draws.
  void start(const Key& key, std::uint32_t region, std::uint32_t window, std::uint32_t pixels, std::uint32_t count,
             const std::uint8_t* ahead, std::uint32_t made);

  // Draws first .. first + n (n <= draws_at_once, first a multiple of it) into out.
  void draw(std::uint32_t first, std::uint32_t n, std::uint32_t* out);

 private:
  const std::uint8_t* words(std::uint64_t first);
  std::uint32_t spare_word();
  void settle(std::uint32_t first, std::uint32_t n, const std::uint8_t* from, std::uint32_t* out);

  const Kernels* kernels_;
  const Key* key_ = nullptr;
  std::uint32_t region_ = 0;
  std::uint32_t window_ = 0;
  std::uint32_t pixels_ = 0;
  std::uint32_t word_bytes_ = 2;
  std::uint64_t next_spare_ = 0;
  const std::uint8_t* made_ = nullptr;  // bytes [made_from_, made_to_) of the window's keystream
  std::uint64_t made_from_ = 0;
  std::uint64_t made_to_ = 0;
  std::uint64_t spare_block_ = 0;  // index + 1 of the block in spare_; 0: none
  std::uint8_t spare_[block_bytes];
  Buffer<std::uint8_t> buffer_;
  Buffer<BlockAddress> addresses_;
};

}  // namespace fastperturb
