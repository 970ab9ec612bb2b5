// The walk over all regions of one or many images, there and back, over threads.
#pragma once

#include <cstdint>
#include <vector>

#include "image.hpp"
#include "keystream.hpp"

namespace fastperturb {

struct Job {
  ImageView image;
  std::vector<Region> regions;
  Key key;
};

// Permutes the regions of every image in place, or undoes it. Returns, for each image and region, how many pixels
// moved. The result does not depend on `threads`. Two jobs must not share pixels. Everything that can throw does so
// before the first pixel moves: std::invalid_argument as tile() and share() say, std::bad_alloc.
std::vector<std::vector<std::uint64_t>> permute(const std::vector<Job>& jobs, bool inverse, int threads);

// Copies all pixels of one view to another of the same shape and sample; nothing if they are the same pixels.
void copy_pixels(const ImageView& from, const ImageView& to);

// How many pixels each region owns.
std::vector<std::uint64_t> owned_pixels(std::int64_t height, std::int64_t width, const std::vector<Region>& regions);

}  // namespace fastperturb
