// The walk over all regions of one or many images, there and back, over threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "image.hpp"
#include "keystream.hpp"
#include "permutation.hpp"
#include "windows.hpp"

namespace fastperturb {

// The ChaCha20 keys of a job: one for all regions in version 1, one for each in version 2.
struct Subkeys {
  Version version;
  std::vector<Key> keys;

  const Key& of(std::size_t region) const { return keys[version == Version::one ? 0 : region]; }
};

struct Job {
  ImageView source;  // whose pixels `image` gets first; `image` itself to work in place
  ImageView image;
  std::vector<Region> regions;
  Subkeys subkeys;
  std::uint8_t* boxes = nullptr;  // where to write copy_boxes() of the result, if anywhere
};

// Jobs with all that has to be known before a pixel moves. Two jobs must not share pixels; the source of a job is its
// image or shares none with it, and has its shape and samples. What can throw does so in the constructor and in
// workspaces(), before a pixel moves: std::invalid_argument as tile() and shares_of() say, std::bad_alloc.
class PermuteBatch {
 public:
  PermuteBatch(std::vector<Job> jobs, bool inverse);
  PermuteBatch(const PermuteBatch&) = delete;
  PermuteBatch& operator=(const PermuteBatch&) = delete;

  std::size_t size() const { return jobs_.size(); }
  // Room for each of some threads; and for as many of `threads` as there are and have something to do in run_all().
  std::vector<Workspace> workspaces_for(std::size_t threads) const;
  std::vector<Workspace> workspaces(int threads) const;

  // Does one job. Several threads may do one each, with workspaces of their own.
  void run(std::size_t job, Workspace& workspace) const;

  // Does them all, with a thread for each workspace. The result does not depend on how many they are.
  void run_all(std::vector<Workspace>& workspaces) const;

  // For each job and region, how many pixels move.
  std::vector<std::vector<std::uint64_t>> moved() const;

 private:
  struct Task {
    const RegionWalk* walk;
    std::uint32_t first;
    std::uint32_t last;
  };
  struct Band {  // rows to copy
    const Job* job;
    std::int64_t first;
    std::int64_t last;
  };
  struct Ends {  // where the tasks and bands of a job end
    std::size_t tasks;
    std::size_t bands;
  };

  void add_tasks(const RegionWalk& walk, const Shares& shares);
  void add_bands(const Job& job);
  static void copy_rows(const Band& band);
  void collect(std::size_t job) const;

  std::vector<Job> jobs_;
  std::vector<std::vector<Tiling>> tilings_;
  std::vector<std::vector<Shares>> shares_;
  std::vector<RegionWalk> walks_;
  std::vector<Task> tasks_;
  std::vector<Band> bands_;
  std::vector<Ends> ends_;
  std::uint32_t most_owned_ = 0;
  std::uint32_t most_arranged_ = 0;  // of the windows of version 2
  std::size_t most_arranged_bytes_ = 0;
};

// Does jobs, with that many threads, and says for each job and region how many pixels moved.
std::vector<std::vector<std::uint64_t>> permute(std::vector<Job> jobs, bool inverse, int threads);

// The bytes of the regions' clipped boxes, one after the other in raster order: how many they are, and they themselves.
std::size_t box_bytes(const ImageView& image, const std::vector<Region>& regions);
void copy_boxes(const ImageView& image, const std::vector<Region>& regions, std::uint8_t* out);

// How many pixels each region owns.
std::vector<std::uint64_t> owned_pixels(std::int64_t height, std::int64_t width, const std::vector<Region>& regions,
                                        Version version);

}  // namespace fastperturb
