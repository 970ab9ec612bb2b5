// The permutation of one region: how many pixels of each window move, and the walk through one window.
#pragma once

#include <cstdint>
#include <vector>

#include "arrangement.hpp"
#include "image.hpp"
#include "keystream.hpp"
#include "windows.hpp"

namespace fastperturb {

// How many pixels each window owns, and how many of them move.
struct Shares {
  std::vector<std::uint32_t> owned;
  std::vector<std::uint32_t> moved;
  std::uint32_t most_owned = 0;
  std::uint64_t total_owned = 0;
  std::uint64_t total_moved = 0;
};

// Counts what the windows own; nothing moves yet. Throws std::invalid_argument if it is 2^31 pixels or more.
Shares count_owned(const Tiling& tiling);

// Shares `pixels` among counted windows in proportion to what they own (docs/format.md, "Shares"). The total that moves
// is `pixels`, or a little less where single pixels are left that no window can move. Throws std::invalid_argument if
// the region owns fewer than `pixels`.
void split_shares(Shares& shares, std::int64_t pixels);

// Both at once.
Shares shares_of(const Tiling& tiling, std::int64_t pixels);

class RegionWalk;

// Room that one thread needs for its windows.
class Workspace {
 public:
  // Room for windows that own up to so many pixels, and the room that version 2 needs beside it.
  Workspace(const Kernels& kernels, std::uint32_t most_owned, ArrangementRoom room);

 private:
  friend class RegionWalk;
  static constexpr std::uint32_t blocks_ahead = 256;
  const Kernels* kernels;
  WindowDraws draws;
  Buffer<std::uint32_t> offsets;       // of the pixels of a window, in bytes from its first
  Buffer<std::uint32_t> whole_window;  // the same of a window without a gap, as listed_for has them
  const RegionWalk* listed_for = nullptr;
  Buffer<std::uint8_t> blocks;     // keystream of several small windows
  Buffer<BlockAddress> addresses;  // of these blocks
  ArrangementRoom arrangement;
};

// Moves the pixels of some windows of one region, or moves them back. Windows share nothing, so that any number of
// threads may each work on their own.
class RegionWalk {
 public:
  RegionWalk(const ImageView& image, const Tiling& tiling, const Shares& shares, const Key& key, std::uint32_t region,
             Version version, bool inverse);
  void run(std::uint32_t first, std::uint32_t last, Workspace& workspace) const;

 private:
  void walk_window(std::uint32_t window, Workspace& workspace) const;

  const ImageView& image_;
  const Tiling& tiling_;
  const Shares& shares_;
  const Key& key_;
  std::uint32_t region_;
  Version version_;
  bool inverse_;
};

}  // namespace fastperturb
